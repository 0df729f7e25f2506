using System.Diagnostics.CodeAnalysis;
using Understudy.Linux;
using Understudy.Pci;

namespace Understudy.Vfio;

/// <summary>The device addresses of models in this process: a table, and the bus that the models sit on.</summary>
sealed class ModelIommu : Iommu
{
    readonly SortedList<ulong, SharedMapping> _table = [];

    public ModelIommu() : base(IommuMode.Model) { }

    public PacedClock Clock { get; } = new();

    public override IReadOnlyList<IovaRange> AllowedRanges { get; } = [new(0, 0xFEDF_FFFF), new(0xFEF0_0000, ulong.MaxValue)];    // as on x86: not where MSIs go

    public override void Dispose()
    {
        Clock.Dispose();
        IsDisposed = true;
        base.Dispose();
    }

    bool IsDisposed { get; set; }

    private protected override bool IsClosed => IsDisposed;

    /// <summary>Copies out of what is mapped at a device address; false when part of it is not. Under the clock's lock.</summary>
    public bool TryRead(ulong iova, Span<byte> destination)
    {
        while (destination.Length > 0)
        {
            if (!Find(iova, destination.Length, out var memory, out var offset, out var length)) return false;
            memory.Read(offset, destination[..length]);
            iova += (ulong)length;
            destination = destination[length..];
        }
        return true;
    }

    /// <summary>Copies into what is mapped at a device address; false when part of it is not. Under the clock's lock.</summary>
    public bool TryWrite(ulong iova, ReadOnlySpan<byte> source)
    {
        while (source.Length > 0)
        {
            if (!Find(iova, source.Length, out var memory, out var offset, out var length)) return false;
            memory.Write(offset, source[..length]);
            iova += (ulong)length;
            source = source[length..];
        }
        return true;
    }

    private protected override void MapRange(SharedMapping memory, IovaRange range)
    {
        if (((range.First | memory.Length) & 0xFFF) != 0) throw new VfioException($"Device addresses {range} cannot be mapped: they are not whole pages of 4 KiB");
        if (!AllowedRanges.Any(allowed => allowed.Covers(range))) throw new VfioException($"Device addresses {range} cannot be mapped: allowed are {string.Join(", ", AllowedRanges)}");
        lock (Clock.Gate) _table.Add(range.First, memory);
    }

    private protected override ulong UnmapRange(IovaRange range)
    {
        lock (Clock.Gate) _table.Remove(range.First);
        return range.Last - range.First + 1;
    }

    private protected override ulong UnmapEverything()
    {
        lock (Clock.Gate)
        {
            var bytes = _table.Values.Aggregate(0UL, (sum, memory) => sum + memory.Length);
            _table.Clear();
            return bytes;
        }
    }

    // As much of a transfer as lies in one mapping; the next piece may lie in its neighbour.
    bool Find(ulong iova, int wanted, [NotNullWhen(true)] out SharedMapping? memory, out ulong offset, out int length)
    {
        int low = 0, high = _table.Count - 1;
        while (low <= high)
        {
            var middle = (low + high) / 2;
            if (_table.GetKeyAtIndex(middle) <= iova) low = middle + 1;
            else high = middle - 1;
        }
        (memory, offset, length) = (high < 0 ? null : _table.GetValueAtIndex(high), high < 0 ? 0 : iova - _table.GetKeyAtIndex(high), 0);
        if (memory is null || offset >= memory.Length) return false;
        length = (int)Math.Min((ulong)wanted, memory.Length - offset);
        return true;
    }
}
