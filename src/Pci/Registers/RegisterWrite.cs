namespace Understudy.Pci;

/// <summary>One write as a hook sees it.</summary>
/// <param name="Old">What the register held.</param>
/// <param name="Written">The data on the enabled byte lanes; zero on the others.</param>
/// <param name="New">What the register holds now.</param>
/// <param name="Enabled">The bits whose byte lanes were enabled: all of them for an access as wide as the register.</param>
public readonly record struct RegisterWrite(ulong Old, ulong Written, ulong New, ulong Enabled)
{
    /// <summary>A one was written to it.</summary>
    public bool Sets(Flag flag) => (Written & flag.Mask) != 0;

    /// <summary>It went from 0 to 1.</summary>
    public bool Rises(Flag flag) => (~Old & New & flag.Mask) != 0;

    /// <summary>It went from 1 to 0.</summary>
    public bool Falls(Flag flag) => (Old & ~New & flag.Mask) != 0;

    /// <summary>The field's new value.</summary>
    public ulong this[Bits bits] => (New & bits.Mask) >> bits.Low;

    /// <summary>Its byte lanes were part of the access.</summary>
    public bool Covers(Bits bits) => (Enabled & bits.Mask) == bits.Mask;
}
