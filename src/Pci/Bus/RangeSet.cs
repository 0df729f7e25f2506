using System.Collections;
using System.Diagnostics.CodeAnalysis;

namespace Understudy.Pci;

/// <summary>Ranges of addresses that never overlap, in order: what an IOMMU has mapped. Made for hundreds of thousands of single pages that come
/// and go in any order; a lookup allocates nothing. Not for use from several threads at once.</summary>
/// <typeparam name="T">A range, with what lies there.</typeparam>
public sealed class RangeSet<T> : IReadOnlyCollection<T> where T : IAddressRange
{
    // In pieces, as what is inserted into one list moves all that lies behind it.
    const int MostInPiece = 512;
    readonly List<List<T>> _pieces = [[]];      // none is empty, but a lone one

    /// <summary>How many there are.</summary>
    public int Count { get; private set; }

    /// <summary>Adds a range; false, and nothing is added, when there is one that shares an address with it.</summary>
    public bool TryAdd(T range)
    {
        var (piece, at) = Place(range.First);
        var ranges = _pieces[piece];
        if (at < ranges.Count && ranges[at].First <= range.Last) return false;
        ranges.Insert(at, range);
        Count++;
        if (ranges.Count > MostInPiece) Split(piece);
        return true;
    }

    /// <summary>The lowest range that shares an address with these, both included.</summary>
    public bool TryFind(ulong first, ulong last, [MaybeNullWhen(false)] out T range)
    {
        var (piece, at) = Place(first);
        var found = at < _pieces[piece].Count && _pieces[piece][at].First <= last;
        range = found ? _pieces[piece][at] : default;
        return found;
    }

    /// <summary>The range that an address lies in.</summary>
    public bool TryFind(ulong address, [MaybeNullWhen(false)] out T range) => TryFind(address, address, out range);

    /// <summary>Removes the range that an address lies in; false when there is none.</summary>
    public bool Remove(ulong address)
    {
        var (piece, at) = Place(address);
        var ranges = _pieces[piece];
        if (at == ranges.Count || ranges[at].First > address) return false;
        ranges.RemoveAt(at);
        Count--;
        if (ranges.Count == 0 && _pieces.Count > 1) _pieces.RemoveAt(piece);
        return true;
    }

    /// <summary>Removes all.</summary>
    public void Clear()
    {
        _pieces.Clear();
        _pieces.Add([]);
        Count = 0;
    }

    /// <summary>All, in order of address.</summary>
    public IEnumerator<T> GetEnumerator() => _pieces.SelectMany(piece => piece).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    // Where the first range lies that does not end before an address, or would lie.
    (int Piece, int At) Place(ulong address)
    {
        var (low, high) = (0, _pieces.Count - 1);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (_pieces[middle][^1].Last < address) low = middle + 1;
            else high = middle;
        }
        return (low, PlaceIn(_pieces[low], address));
    }

    static int PlaceIn(List<T> ranges, ulong address)
    {
        var (low, high) = (0, ranges.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (ranges[middle].Last < address) low = middle + 1;
            else high = middle;
        }
        return low;
    }

    void Split(int piece)
    {
        var ranges = _pieces[piece];
        _pieces.Insert(piece + 1, ranges.GetRange(ranges.Count / 2, ranges.Count - ranges.Count / 2));
        ranges.RemoveRange(ranges.Count / 2, ranges.Count - ranges.Count / 2);
    }
}
