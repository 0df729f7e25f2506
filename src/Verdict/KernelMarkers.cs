using System.Buffers;

namespace Understudy.Verdict;

/// <summary>Finds the first of many pieces of text in a window. Not for use by two threads at once.</summary>
/// <remarks>The search the runtime has for many strings sorts them into eight buckets and is five times slower with 45 of them than with 15,
/// so a few share a search, neighbours in the alphabet with each other. Each search goes over a window once.</remarks>
sealed class KernelMarkers
{
    const int ShareASearch = 15, None = int.MaxValue;

    readonly SearchValues<string>[] _searches;
    readonly int[] _next;

    public KernelMarkers(IEnumerable<string> markers)
    {
        var distinct = markers.Distinct().ToArray();
        // One that contains another is found with that.
        var shortest = distinct.Where(marker => !distinct.Any(other => other != marker && marker.Contains(other, StringComparison.Ordinal)));
        _searches = [.. shortest.Order(StringComparer.Ordinal).Chunk(ShareASearch).Select(few => SearchValues.Create(few, StringComparison.Ordinal))];
        _next = new int[_searches.Length];
    }

    /// <summary>Forgets the window before: the next search is in another one.</summary>
    public void Begin() => Array.Fill(_next, -1);

    /// <summary>Where in the window the first marker at or after a place begins; -1 when there is none. Places must not go back until <see cref="Begin"/>.</summary>
    public int IndexFrom(ReadOnlySpan<char> window, int from)
    {
        var first = None;
        for (var i = 0; i < _searches.Length; i++)
        {
            if (_next[i] < from) _next[i] = window[from..].IndexOfAny(_searches[i]) is >= 0 and var hit ? from + hit : None;
            first = Math.Min(first, _next[i]);
        }
        return first == None ? -1 : first;
    }

    /// <summary>Whether one is in a text.</summary>
    public bool AreIn(ReadOnlySpan<char> text)
    {
        foreach (var search in _searches)
            if (text.ContainsAny(search)) return true;
        return false;
    }
}
