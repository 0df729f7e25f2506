using Understudy.Pci;

namespace Understudy.Vfio;

/// <summary>A range of device addresses.</summary>
/// <param name="First">The first address in it.</param>
/// <param name="Last">The last address in it.</param>
public readonly record struct IovaRange(ulong First, ulong Last) : IAddressRange
{
    /// <summary>The range that starts at an address and has so many bytes, at least one.</summary>
    /// <exception cref="ArgumentException">It is empty, or passes the end of the 64-bit address space.</exception>
    public static IovaRange Of(ulong start, ulong bytes)
        => bytes > 0 && bytes - 1 <= ulong.MaxValue - start
            ? new IovaRange(start, start + (bytes - 1))
            : throw new ArgumentException($"0x{bytes:x} bytes from device address 0x{start:x} are not a range of the 64-bit address space", nameof(bytes));

    /// <summary>The two share an address.</summary>
    public bool Overlaps(IovaRange other) => First <= other.Last && other.First <= Last;

    /// <summary>All of the other lies in this one.</summary>
    public bool Covers(IovaRange other) => First <= other.First && other.Last <= Last;

    /// <inheritdoc/>
    public override string ToString() => $"0x{First:x} to 0x{Last:x}";
}
