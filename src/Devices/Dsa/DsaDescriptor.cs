using System.Runtime.InteropServices;

namespace Understudy.Devices;

/// <summary>A descriptor, little-endian, 64 bytes (include/uapi/linux/idxd.h: struct dsa_hw_desc).</summary>
[StructLayout(LayoutKind.Sequential, Size = Bytes)]
struct DsaDescriptor
{
    public const int Bytes = 64;
    public const uint Fence = 1 << 0, CompletionAddressValid = 1 << 2, RequestCompletion = 1 << 3, RequestInterrupt = 1 << 4, CheckResult = 1 << 5;
    public const uint ReadSeed = 1 << 16, BypassInversion = 1 << 17;

    public uint Identity;
    public uint FlagsAndOperation;
    public ulong CompletionAddress;
    public ulong Source;
    public ulong Destination;
    public uint Size;
    public ushort InterruptHandle;
    public ushort Reserved;
    public ulong Operand;
    public ulong SeedAddress;
    public ulong MoreOperands;

    /// <summary>Flags that choose traffic classes, caching and ordering: they change nothing that a driver could see.</summary>
    const uint Hints = 1 << 7 | 1 << 8 | 0xF << 9 | 1 << 13;

    public readonly DsaOperation Operation => (DsaOperation)(FlagsAndOperation >> 24);

    public readonly uint Flags => FlagsAndOperation & 0xFF_FFFF;

    public readonly uint Pasid => Identity & 0xF_FFFF;

    public readonly bool Is(uint flag) => (FlagsAndOperation & flag) != 0;

    /// <summary>The flags that are set and may not be.</summary>
    public readonly uint WrongFlags
    {
        get
        {
            var known = Hints | Fence | CompletionAddressValid | RequestInterrupt;
            if (Is(CompletionAddressValid)) known |= RequestCompletion;
            if (Operation is DsaOperation.Compare or DsaOperation.ComparePattern) known |= CheckResult;
            if (Operation is DsaOperation.Crc or DsaOperation.CopyWithCrc) known |= ReadSeed | BypassInversion;
            return Flags & ~known;
        }
    }

    public readonly bool HasReserved => (Identity & 0x7FF0_0000) != 0 || Reserved != 0;

    /// <summary>Buffers of its size at two addresses have bytes in common.</summary>
    public readonly bool Overlaps(ulong one, ulong other) => one - other < Size || other - one < Size;

    /// <summary>It has a Size of bytes that it reads or writes.</summary>
    public readonly bool MovesData => Operation is not (DsaOperation.None or DsaOperation.Batch or DsaOperation.Drain);
}
