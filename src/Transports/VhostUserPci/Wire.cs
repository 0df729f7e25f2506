using System.Runtime.InteropServices;

namespace Understudy.Transports.VhostUserPci;

/// <summary>Requests of the vhost-user protocol that User Mode Linux makes (QEMU, docs/interop/vhost-user.rst).</summary>
enum Request : uint
{
    GetFeatures = 1,
    SetFeatures = 2,
    SetOwner = 3,
    ResetOwner = 4,
    SetMemTable = 5,
    SetVringNum = 8,
    SetVringAddr = 9,
    SetVringBase = 10,
    SetVringCall = 13,
    GetProtocolFeatures = 15,
    SetProtocolFeatures = 16,
    GetQueueNum = 17,
    SetVringEnable = 18,
    SetSlaveReqFd = 21,
    VringKick = 35,
}

/// <summary>What precedes every message: 12 bytes, little endian.</summary>
[StructLayout(LayoutKind.Sequential)]
readonly record struct Header(Request Request, uint Flags, uint Size)
{
    public const int Bytes = 12;

    public const uint VersionMask = 3, Version = 1, Reply = 4, NeedReply = 8;

    public bool WantsReply => (Flags & NeedReply) != 0;
}

/// <summary>A queue and a number for it: the payload of most queue requests.</summary>
[StructLayout(LayoutKind.Sequential)]
readonly record struct VringState(uint Index, uint Number);

/// <summary>Where a queue's parts are, in the front end's addresses.</summary>
[StructLayout(LayoutKind.Sequential)]
readonly record struct VringAddress(uint Index, uint Flags, ulong Descriptors, ulong Used, ulong Available, ulong Log);

/// <summary>A piece of the guest's memory.</summary>
[StructLayout(LayoutKind.Sequential)]
readonly record struct MemoryRegion(ulong GuestAddress, ulong Size, ulong UserAddress, ulong Offset);

/// <summary>What both sides can do.</summary>
static class Features
{
    /// <summary>VIRTIO_F_VERSION_1 and VHOST_USER_F_PROTOCOL_FEATURES: nothing that changes the queues' layout.</summary>
    public const ulong Virtio = 1UL << 32 | 1UL << 30;

    /// <summary>MQ, REPLY_ACK, SLAVE_REQ and INBAND_NOTIFICATIONS: every access of the guest waits for our answer, in order.</summary>
    public const ulong Protocol = 1UL << 0 | 1UL << 3 | 1UL << 5 | 1UL << 14;

    /// <summary>The request on the back end's own channel that says a queue has news (VHOST_USER_SLAVE_VRING_CALL).</summary>
    public const uint VringCall = 4;
}
