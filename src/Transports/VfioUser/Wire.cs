using System.Runtime.InteropServices;

namespace Understudy.Transports.VfioUser;

/// <summary>Message types of the vfio-user protocol 0.1 (QEMU, docs/interop/vfio-user.rst).</summary>
enum Command : ushort
{
    Version = 1,
    DmaMap = 2,
    DmaUnmap = 3,
    DeviceGetInfo = 4,
    GetRegionInfo = 5,
    GetIrqInfo = 7,
    SetIrqs = 8,
    RegionRead = 9,
    RegionWrite = 10,
    DmaRead = 11,
    DmaWrite = 12,
    DeviceReset = 13,
    RegionWriteMulti = 15,
}

/// <summary>What starts every message. Everything on the wire is little-endian and packed.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
readonly record struct Header(ushort Id, Command Command, uint Size, uint Flags, uint Error)
{
    public const int Bytes = 16;
    public const uint Reply = 1, TypeMask = 0xF, NoReply = 0x10, Failed = 0x20;

    public bool IsReply => (Flags & TypeMask) == Reply;

    public bool WantsReply => (Flags & NoReply) == 0;
}

[StructLayout(LayoutKind.Sequential, Pack = 1)]
readonly record struct DmaMapRequest(uint ArgSize, uint Flags, ulong Offset, ulong Address, ulong Size)
{
    public const uint Readable = 1, Writable = 2;
}

[StructLayout(LayoutKind.Sequential, Pack = 1)]
readonly record struct DmaUnmapRequest(uint ArgSize, uint Flags, ulong Address, ulong Size)
{
    public const uint DirtyBitmap = 1, All = 2;
}

[StructLayout(LayoutKind.Sequential, Pack = 1)]
readonly record struct DeviceInfo(uint ArgSize, uint Flags, uint Regions, uint Irqs)
{
    public const uint CanReset = 1, Pci = 2;
}

[StructLayout(LayoutKind.Sequential, Pack = 1)]
readonly record struct RegionInfo(uint ArgSize, uint Flags, uint Index, uint CapabilityOffset, ulong Size, ulong Offset)
{
    public const uint Readable = 1, Writable = 2;
    public const int Bytes = 32, Rom = 6, Config = 7, Count = 9;
}

[StructLayout(LayoutKind.Sequential, Pack = 1)]
readonly record struct IrqInfo(uint ArgSize, uint Flags, uint Index, uint Count)
{
    public const uint EventFd = 1, Maskable = 2, AutoMasked = 4;
    public const int Intx = 0, Msi = 1, Msix = 2, Indices = 5;
}

[StructLayout(LayoutKind.Sequential, Pack = 1)]
readonly record struct SetIrqsRequest(uint ArgSize, uint Flags, uint Index, uint Start, uint Count)
{
    public const int Bytes = 20;
    public const uint None = 1, Bool = 2, EventFd = 4, DataMask = 7;
    public const uint Mask = 8, Unmask = 0x10, Trigger = 0x20, ActionMask = 0x38;
}

/// <summary>What starts REGION_READ, REGION_WRITE and their replies; in REGION_WRITE_MULTI eight bytes of data follow each.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
readonly record struct RegionAccess(ulong Offset, uint Region, uint Count)
{
    public const int Bytes = 16, MultiBytes = 24, MultiData = 8;
}

/// <summary>What starts DMA_READ, DMA_WRITE and their replies.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
readonly record struct DmaAccess(ulong Address, ulong Count)
{
    public const int Bytes = 16;
}
