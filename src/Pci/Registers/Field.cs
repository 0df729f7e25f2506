namespace Understudy.Pci;

/// <summary>A field whose values have names.</summary>
/// <typeparam name="TEnum">The names, with the datasheet's encodings as values.</typeparam>
/// <param name="Bits">Where it is.</param>
public readonly record struct Field<TEnum>(Bits Bits) where TEnum : struct, Enum;
