namespace Understudy.Pci;

/// <summary>What a fault does to a transaction.</summary>
/// <param name="Kind">The kind of effect.</param>
/// <param name="Value">The value or bit mask it needs, or zero.</param>
public readonly record struct FaultEffect(FaultKind Kind, ulong Value = 0);
