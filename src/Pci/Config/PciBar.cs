using System.Numerics;

namespace Understudy.Pci;

/// <summary>One BAR of a device: how it decodes, and the registers behind it.</summary>
public sealed class PciBar
{
    internal PciBar(int index, BarKind kind, RegisterFile registers, bool prefetchable)
    {
        (Index, Kind, Registers, Prefetchable) = (index, kind, registers, prefetchable);
        Size = Decoded(kind, registers.Map.Size);
    }

    /// <summary>What a BAR decodes to cover so many bytes.</summary>
    internal static ulong Decoded(BarKind kind, int bytes)
    {
        var smallest = kind switch { BarKind.Io => 4u, BarKind.Rom => 2048u, _ => 16u };
        return BitOperations.RoundUpToPowerOf2(Math.Max(smallest, (uint)bytes));
    }

    /// <summary>0 to 5, or 6 for the expansion ROM.</summary>
    public int Index { get; }

    /// <summary>What it decodes.</summary>
    public BarKind Kind { get; }

    /// <summary>Bytes it decodes: a power of two, at least what its map covers.</summary>
    public ulong Size { get; }

    /// <summary>Reads have no side effects.</summary>
    public bool Prefetchable { get; }

    /// <summary>The registers behind it.</summary>
    public RegisterFile Registers { get; }
}
