using System.Numerics;
using System.Runtime.InteropServices;

namespace Understudy.Vfio;

/// <summary>While it lasts, the IOMMU notes which pages devices write. Disposing ends it. An IOMMU that cannot tell says that every page was
/// written, as a container's mostly does: what it leaves out was not written.</summary>
public sealed class DirtyTracking : IDisposable
{
    readonly Iommu _iommu;
    bool _stopped;

    internal DirtyTracking(Iommu iommu)
    {
        _iommu = iommu;
        _iommu.SetDirtyTracking(on: true);
    }

    /// <summary>The pages of a mapping that were written since this was last asked, neighbours put together.</summary>
    /// <param name="range">A mapping, whole.</param>
    /// <exception cref="VfioException">It is not mapped, or the kernel refuses.</exception>
    public IReadOnlyList<IovaRange> Take(IovaRange range)
    {
        if (!_iommu.Mapped.Contains(range)) throw new VfioException($"Device addresses {range} are not a mapping, so nothing is known of what was written there");
        var page = (ulong)Environment.SystemPageSize;
        var bitmap = new ulong[((range.Last - range.First) / page + 64) / 64];
        var pinned = GCHandle.Alloc(bitmap, GCHandleType.Pinned);
        try
        {
            _iommu.TakeDirty(range, page, bitmap, (ulong)pinned.AddrOfPinnedObject());
        }
        finally
        {
            pinned.Free();
        }
        return Ranges(range, page, bitmap);
    }

    internal static IReadOnlyList<IovaRange> Ranges(IovaRange range, ulong page, ReadOnlySpan<ulong> bitmap)
    {
        var written = new List<IovaRange>();
        for (var word = 0; word < bitmap.Length; word++)
            for (var left = bitmap[word]; left != 0; left &= left - 1)
            {
                var first = range.First + ((ulong)word * 64 + (ulong)BitOperations.TrailingZeroCount(left)) * page;
                if (first > range.Last) break;
                if (written.Count > 0 && written[^1].Last + 1 == first) written[^1] = written[^1] with { Last = first + page - 1 };
                else written.Add(IovaRange.Of(first, page));
            }
        return written;
    }

    /// <summary>Ends it.</summary>
    public void Dispose()
    {
        if (_stopped) return;
        _stopped = true;
        _iommu.SetDirtyTracking(on: false);
    }
}
