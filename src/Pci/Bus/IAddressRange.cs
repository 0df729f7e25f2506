namespace Understudy.Pci;

/// <summary>A range of 64-bit addresses, never empty.</summary>
public interface IAddressRange
{
    /// <summary>The first address in it.</summary>
    ulong First { get; }

    /// <summary>The last address in it, not below <see cref="First"/>.</summary>
    ulong Last { get; }
}
