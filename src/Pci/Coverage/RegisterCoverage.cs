namespace Understudy.Pci;

/// <summary>What a driver has met of a register, or of an array of registers.</summary>
/// <param name="Name">With its blocks: <c>MAC.IntrStatus</c>; an array is <c>MAC.Ring[]</c>.</param>
/// <param name="Reads">How often it was read, wholly or in part.</param>
/// <param name="Writes">How often it was written.</param>
/// <param name="Fields">Its fields.</param>
public sealed record RegisterCoverage(string Name, long Reads, long Writes, IReadOnlyList<FieldCoverage> Fields);
