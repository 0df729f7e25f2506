using System.Runtime.InteropServices;

namespace Understudy.Devices;

/// <summary>An entry of the command ring, as the driver writes it.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
struct DittoCommand
{
    public ulong Source, Destination;
    public uint Length, Tag;
    public ulong Reserved;
}
