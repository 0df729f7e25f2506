using System.Numerics;

namespace Understudy.Vfio;

/// <summary>Hands out device addresses of the ranges an IOMMU allows, upwards, each aligned to its own size, and never the same one
/// twice.</summary>
/// <param name="ranges">What is allowed, as <see cref="Iommu.AllowedRanges"/> gives it.</param>
public sealed class IovaAllocator(IReadOnlyList<IovaRange> ranges)
{
    const ulong FirstUsed = 4096;       // many devices take address 0 for none
    int _range;
    ulong _next = ranges.Count > 0 ? Math.Max(ranges[0].First, FirstUsed) : 0;
    bool _spent = ranges.Count == 0;

    /// <summary>A range of so many bytes.</summary>
    /// <param name="bytes">A power of two.</param>
    /// <exception cref="VfioException">No allowed range has room for it.</exception>
    public ulong Allocate(ulong bytes)
    {
        if (!BitOperations.IsPow2(bytes)) throw new ArgumentException($"Device addresses are handed out by powers of two, not by 0x{bytes:x}", nameof(bytes));
        while (!_spent)
        {
            var start = (_next + (bytes - 1)) & ~(bytes - 1);
            var fits = start >= _next && bytes - 1 <= ulong.MaxValue - start && start + (bytes - 1) <= ranges[_range].Last;
            if (fits)
            {
                MoveTo(start + (bytes - 1));
                return start;
            }
            NextRange();
        }
        throw new VfioException($"No device addresses are left for 0x{bytes:x} bytes in the ranges that the IOMMU allows ({string.Join(", ", ranges)})");
    }

    void MoveTo(ulong last)
    {
        if (last == ranges[_range].Last) NextRange();
        else _next = last + 1;
    }

    void NextRange()
    {
        _spent = ++_range == ranges.Count;
        if (!_spent) _next = ranges[_range].First;
    }
}
