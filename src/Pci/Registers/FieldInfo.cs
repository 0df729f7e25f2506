namespace Understudy.Pci;

/// <summary>One field of a register as the datasheet gives it; what decoders, reports and fault rules read.</summary>
/// <param name="Name">The datasheet's name.</param>
/// <param name="Mask">Its bits, in place.</param>
/// <param name="Low">Its lowest bit.</param>
/// <param name="Access">What a bus access does to it.</param>
/// <param name="ValueNames">Names of its values, indexed by value, or null where values have no names.</param>
public readonly record struct FieldInfo(string Name, ulong Mask, int Low, Access Access, IReadOnlyDictionary<ulong, string>? ValueNames = null)
{
    /// <summary>This field's value inside a whole register's value.</summary>
    public ulong Of(ulong registerValue) => (registerValue & Mask) >> Low;
}
