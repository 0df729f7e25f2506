namespace Understudy.Pci;

/// <summary>Names that somebody may have meant: those fewest keystrokes away.</summary>
static class Nearest
{
    const int Most = 3, LongestName = 128;

    /// <summary>Says which of the known names are near a wrong one: <c>; did you mean A or B?</c>, or nothing.</summary>
    public static string To(string wrong, IEnumerable<string> known)
    {
        var near = wrong.Length <= LongestName ? Of(wrong, known) : [];
        return near.Count == 0 ? "" : $" (did you mean {string.Join(" or ", near)}?)";
    }

    static List<string> Of(string wrong, IEnumerable<string> known)
    {
        var limit = Math.Max(2, wrong.Length / 3);
        return [.. known.Select(name => (Name: name, Away: Math.Min(Distance(wrong, name), name.LastIndexOf('.') is var dot and >= 0 ? Distance(wrong, name[(dot + 1)..]) : int.MaxValue)))
            .Where(near => near.Away <= limit).OrderBy(near => near.Away).ThenBy(near => near.Name, StringComparer.Ordinal).Take(Most).Select(near => near.Name)];
    }

    // Levenshtein's, one row at a time, letters of either case alike.
    static int Distance(string one, string other)
    {
        var row = Enumerable.Range(0, other.Length + 1).ToArray();
        for (var i = 1; i <= one.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= other.Length; j++)
            {
                var same = char.ToUpperInvariant(one[i - 1]) == char.ToUpperInvariant(other[j - 1]);
                (diagonal, row[j]) = (row[j], Math.Min(Math.Min(row[j], row[j - 1]) + 1, diagonal + (same ? 0 : 1)));
            }
        }
        return row[^1];
    }
}
