using System.Runtime.InteropServices;

namespace Understudy.Devices;

/// <summary>An entry of the completion rings, 16 bytes little-endian. Word 3 is never zero in a valid one.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 4)]
struct RingEntry
{
    public const int Bytes = 16;
    public const int OwnerOffset = 12;
    public const uint Valid = 1u << 31;

    public uint Result;
    public uint Index;
    public uint Size;
    public uint Owner;
}
