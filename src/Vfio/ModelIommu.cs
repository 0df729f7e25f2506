using System.Diagnostics.CodeAnalysis;
using Understudy.Linux;
using Understudy.Pci;

namespace Understudy.Vfio;

/// <summary>The device addresses of models in this process: a table, and the bus that the models sit on.</summary>
sealed class ModelIommu : Iommu
{
    const int TooLarge = 75;       // EOVERFLOW
    const int PageShift = 12;
    readonly RangeSet<Mapping> _table = [];
    HashSet<ulong>? _written;

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
            if (_written is not null)
                for (var page = iova >> PageShift; page <= iova + (ulong)length - 1 >> PageShift; page++) _written.Add(page);
            iova += (ulong)length;
            source = source[length..];
        }
        return true;
    }

    internal override void SetDirtyTracking(bool on)
    {
        lock (Clock.Gate) _written = on ? [] : null;
    }

    internal override void TakeDirty(IovaRange range, ulong page, ulong[] bitmap, ulong address)
    {
        lock (Clock.Gate)
            for (var number = range.First >> PageShift; number <= range.Last >> PageShift; number++)
                if (_written?.Remove(number) == true)
                    bitmap[(number - (range.First >> PageShift)) / 64] |= 1UL << (int)((number - (range.First >> PageShift)) % 64);
    }

    private protected override void MapRange(SharedMapping memory, ulong iova, ulong bytes)
    {
        var range = Checked(iova, bytes, "mapped");
        if (((iova | bytes) & 0xFFF) != 0) throw Refusal(Errno.EINVAL, range, "mapped");
        if (!AllowedRanges.Any(allowed => allowed.Covers(range))) throw Refusal(Errno.EINVAL, range, "mapped");
        lock (Clock.Gate)
        {
            if (!_table.TryAdd(new Mapping(range.First, range.Last, memory))) throw Refusal(Errno.EEXIST, range, "mapped");
        }
    }

    private protected override ulong UnmapRange(ulong iova, ulong bytes)
    {
        var range = Checked(iova, bytes, "unmapped");
        lock (Clock.Gate) return _table.TryFind(iova, out var mapping) && mapping.First == iova && _table.Remove(iova) ? bytes : throw Refusal(Errno.ENOENT, range, "unmapped");
    }

    // Refused with what the kernel would say.
    static IovaRange Checked(ulong iova, ulong bytes, string verb)
        => bytes > 0 && bytes - 1 <= ulong.MaxValue - iova ? IovaRange.Of(iova, bytes) : throw Refused(new LinuxException("map", TooLarge), $"0x{bytes:x} bytes at device address 0x{iova:x} cannot be {verb}");

    static VfioException Refusal(int errno, IovaRange range, string verb) => Refused(new LinuxException("map", errno), $"Device addresses {range} cannot be {verb}");

    private protected override ulong UnmapEverything()
    {
        lock (Clock.Gate)
        {
            var bytes = _table.Aggregate(0UL, (sum, mapping) => sum + (mapping.Last - mapping.First) + 1);
            _table.Clear();
            return bytes;
        }
    }

    // As much of a transfer as lies in one mapping; the next piece may lie in its neighbour.
    bool Find(ulong iova, int wanted, [NotNullWhen(true)] out SharedMapping? memory, out ulong offset, out int length)
    {
        var found = _table.TryFind(iova, out var mapping);
        (memory, offset) = (mapping.Memory, iova - mapping.First);
        length = found ? (int)Math.Min((ulong)wanted, mapping.Last - iova + 1) : 0;
        return memory is not null;
    }

    readonly record struct Mapping(ulong First, ulong Last, SharedMapping? Memory) : IAddressRange;
}
