using System.Runtime.CompilerServices;

namespace Understudy.Pci;

/// <summary>A field whose values have names.</summary>
/// <typeparam name="TEnum">The names, with the datasheet's encodings as values.</typeparam>
/// <param name="Bits">Where it is.</param>
public readonly record struct Field<TEnum>(Bits Bits) where TEnum : struct, Enum
{
    // Convert.ToUInt64 would box. The bytes of an enum are those of its number, and PCI hosts are little-endian.
    internal static ulong Encode(TEnum value)
    {
        ulong number = 0;
        Unsafe.As<ulong, TEnum>(ref number) = value;
        return number;
    }

    internal static TEnum Decode(ulong number) => Unsafe.As<ulong, TEnum>(ref number);
}
