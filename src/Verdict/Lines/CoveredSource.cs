namespace Understudy.Verdict;

/// <summary>One source file of a driver, and how often what is in it ran.</summary>
/// <param name="Path">The file.</param>
/// <param name="Lines">Lines with code, from 1, each with how often it ran.</param>
/// <param name="Functions">The functions, each with the line it begins at and how often it was called.</param>
public sealed record CoveredSource(string Path, IReadOnlyDictionary<int, long> Lines, IReadOnlyDictionary<string, (int Line, long Count)> Functions)
{
    /// <summary>How many lines ran.</summary>
    public int Hit => Lines.Values.Count(count => count > 0);

    /// <summary>The share of its lines that ran, in percent; 100 where there is no code.</summary>
    public double Percent => Lines.Count == 0 ? 100 : 100.0 * Hit / Lines.Count;

    internal static CoveredSource Merge(IEnumerable<CoveredSource> same)
    {
        var (lines, functions) = (new SortedDictionary<int, long>(), new SortedDictionary<string, (int Line, long Count)>(StringComparer.Ordinal));
        var path = "";
        foreach (var source in same)
        {
            path = source.Path;
            foreach (var (line, count) in source.Lines) lines[line] = lines.GetValueOrDefault(line) + count;
            foreach (var (name, (line, count)) in source.Functions) functions[name] = (line, functions.GetValueOrDefault(name).Count + count);
        }
        return new CoveredSource(path, lines, functions);
    }
}
