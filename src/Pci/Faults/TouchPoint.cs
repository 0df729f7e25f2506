namespace Understudy.Pci;

/// <summary>One transaction of a run, as a place where a fault could strike: the N-th touch is what <c>any * nth=N</c> matches in the same
/// run, when the rule is added where the count began.</summary>
/// <param name="Op">What crossed the bus.</param>
/// <param name="Bar">BAR of an MMIO access, else 0.</param>
/// <param name="Address">Offset, bus address or vector.</param>
/// <param name="Length">Bytes it moved.</param>
/// <param name="Name">The register it began in, as rules write it; the structure a DMA moved; empty where neither has a name.</param>
public readonly record struct TouchPoint(BusOp Op, byte Bar, ulong Address, int Length, string Name);
