namespace Understudy.Pci;

/// <summary>What a driver has met of a field, reading what it can read there and writing what it can write.</summary>
/// <param name="Name">The datasheet's name.</param>
/// <param name="Values">What there is to meet: the names of its values; <c>0</c> and <c>1</c> of a bit; <c>0</c> and <c>other</c> of a number.</param>
/// <param name="Met">Those that were met.</param>
public sealed record FieldCoverage(string Name, IReadOnlyList<string> Values, IReadOnlyList<string> Met);
