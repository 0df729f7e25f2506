namespace Understudy.Toolchain;

/// <summary>What a mistyped name may have meant.</summary>
public static class Nearest
{
    const int Suggestions = 3;

    /// <summary>The names that are most like it, the likest first; at most three.</summary>
    public static IReadOnlyList<string> To(string wanted, IEnumerable<string> names) =>
        [.. names.OrderBy(name => Distance(wanted, name)).ThenBy(name => name, StringComparer.Ordinal).Take(Suggestions)];

    // Levenshtein, by rows.
    internal static int Distance(string from, string to)
    {
        var row = Enumerable.Range(0, to.Length + 1).ToArray();
        for (var i = 1; i <= from.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= to.Length; j++)
            {
                var substitute = diagonal + (from[i - 1] == to[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(substitute, Math.Min(row[j], row[j - 1]) + 1);
            }
        }
        return row[^1];
    }
}
