using System.Runtime.InteropServices;

namespace Understudy.Devices;

/// <summary>A submission queue entry (NVM Express Base 1.4, 4.2), 64 bytes, little-endian.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
struct NvmeCommand
{
    public const int Size = 64;
    public const uint AllNamespaces = uint.MaxValue;

    public byte Opcode;
    public byte Flags;
    public ushort CommandId;
    public uint Nsid;
    public ulong Reserved;
    public ulong Metadata;
    public ulong Prp1, Prp2;
    public uint Dword10, Dword11, Dword12, Dword13, Dword14, Dword15;

    /// <summary>FUSE and PSDT are zero: neither fused commands nor SGLs are offered.</summary>
    public readonly bool IsPlain => (Flags & 0xC3) == 0;

    public readonly ulong StartingBlock => (ulong)Dword11 << 32 | Dword10;

    public readonly int BlockCount => (int)(Dword12 & 0xFFFF) + 1;
}

/// <summary>A completion queue entry (4.6); the phase tag is the lowest bit of <see cref="Status"/>.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
struct NvmeCompletion
{
    public const int Size = 16, OwnerOffset = 12;

    public uint Result;
    public uint Reserved;
    public ushort SqHead;
    public ushort SqId;
    public ushort CommandId;
    public ushort Status;
}

/// <summary>Opcodes of the admin command set (5).</summary>
static class AdminOpcode
{
    public const byte DeleteSq = 0x00, CreateSq = 0x01, GetLogPage = 0x02, DeleteCq = 0x04, CreateCq = 0x05, Identify = 0x06, Abort = 0x08,
        SetFeatures = 0x09, GetFeatures = 0x0A, AsyncEventRequest = 0x0C, FormatNvm = 0x80;
}

/// <summary>Opcodes of the NVM command set (6).</summary>
static class IoOpcode
{
    public const byte Flush = 0x00, Write = 0x01, Read = 0x02, Compare = 0x05, WriteZeroes = 0x08, DatasetManagement = 0x09;
}
