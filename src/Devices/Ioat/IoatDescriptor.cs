using System.Runtime.InteropServices;

namespace Understudy.Devices;

/// <summary>A descriptor in machine memory, little-endian, 64 bytes (drivers/dma/ioat/hw.h: struct ioat_dma_descriptor).</summary>
[StructLayout(LayoutKind.Sequential, Size = Bytes)]
struct IoatDescriptor
{
    public const int Bytes = 64;
    public const uint Interrupt = 1u << 0, CompletionWrite = 1u << 3, Null = 1u << 5;

    public uint Size;
    public uint Control;
    public ulong Source;
    public ulong Destination;
    public ulong Next;

    public readonly uint Operation => Control >> 24;

    public readonly bool Is(uint bit) => (Control & bit) != 0;
}
