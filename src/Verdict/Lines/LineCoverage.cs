using System.Globalization;
using System.Text;

namespace Understudy.Verdict;

/// <summary>Which lines of a driver ran, kept as LCOV's tracefile (geninfo(1)), so that its tools read it too.</summary>
/// <param name="Sources">The driver's files, by name.</param>
public sealed record LineCoverage(IReadOnlyList<CoveredSource> Sources)
{
    /// <summary>The file in a run directory, or in the directory of several runs, and its page.</summary>
    public const string FileName = "driver-coverage.info", PageName = "driver-coverage.html";

    /// <summary>How many lines have code.</summary>
    public int Lines => Sources.Sum(source => source.Lines.Count);

    /// <summary>How many of these ran.</summary>
    public int Hit => Sources.Sum(source => source.Hit);

    /// <summary><c>r8169_main.c 24.1 % of 2595 lines, ...</c></summary>
    public string Summary => Sources.Count == 0 ? "no lines" : string.Join(", ", Sources.Where(source => source.Lines.Count > 0)
        .Select(source => string.Create(CultureInfo.InvariantCulture, $"{Path.GetFileName(source.Path)} {source.Percent:F1} % of {source.Lines.Count} lines")));

    /// <summary>All together: what ran in one of them, ran.</summary>
    public static LineCoverage Merge(IEnumerable<LineCoverage> all) => Of(all.SelectMany(one => one.Sources));

    /// <summary>Of files that may be given several times: each compilation has its own counters of a header.</summary>
    public static LineCoverage Of(IEnumerable<CoveredSource> sources)
        => new([.. sources.GroupBy(source => source.Path).Select(CoveredSource.Merge).OrderBy(source => source.Path, StringComparer.Ordinal)]);

    /// <summary>That of a run directory, or of the directory of several; null where none was taken.</summary>
    public static LineCoverage? In(string directory)
    {
        var path = Path.Combine(directory, FileName);
        return File.Exists(path) ? Parse(File.ReadLines(path)) : null;
    }

    /// <summary>Writes the tracefile and its page into a directory.</summary>
    /// <exception cref="RunDirectoryFullException">No room for them.</exception>
    public void Write(string directory)
    {
        Report.HtmlPage.Write(Path.Combine(directory, FileName), ToLcov());
        Report.HtmlPage.Write(Path.Combine(directory, PageName), Report.LinePage.Render(this));
    }

    /// <summary>Reads a tracefile; what it does not know, it leaves out.</summary>
    public static LineCoverage Parse(IEnumerable<string> lcov)
    {
        var sources = new List<CoveredSource>();
        var (path, lines, functions) = ("", new SortedDictionary<int, long>(), new SortedDictionary<string, (int, long)>(StringComparer.Ordinal));
        foreach (var line in lcov)
        {
            var (word, rest) = line.Split(':', 2) is [var first, var second] ? (first, second) : (line.Trim(), "");
            var parts = rest.Split(',', 2);
            if (word == "SF") (path, lines, functions) = (rest, new(), new(StringComparer.Ordinal));
            else if (word == "DA" && parts.Length == 2 && Number(parts[0]) is { } at && Number(parts[1].Split(',')[0]) is { } count) lines[(int)at] = count;
            else if (word == "FN" && parts.Length == 2 && Number(parts[0]) is { } begin) functions[parts[1]] = ((int)begin, 0);
            else if (word == "FNDA" && parts.Length == 2 && Number(parts[0]) is { } calls && functions.TryGetValue(parts[1], out var known)) functions[parts[1]] = (known.Item1, calls);
            else if (word == "end_of_record") sources.Add(new CoveredSource(path, lines, functions));
        }
        return Of(sources);
    }

    /// <summary>The tracefile.</summary>
    public string ToLcov()
    {
        var text = new StringBuilder("TN:\n");
        foreach (var source in Sources)
        {
            text.Append(CultureInfo.InvariantCulture, $"SF:{source.Path}\n");
            foreach (var (name, (line, _)) in source.Functions) text.Append(CultureInfo.InvariantCulture, $"FN:{line},{name}\n");
            foreach (var (name, (_, count)) in source.Functions) text.Append(CultureInfo.InvariantCulture, $"FNDA:{count},{name}\n");
            text.Append(CultureInfo.InvariantCulture, $"FNF:{source.Functions.Count}\nFNH:{source.Functions.Values.Count(function => function.Count > 0)}\n");
            foreach (var (line, count) in source.Lines) text.Append(CultureInfo.InvariantCulture, $"DA:{line},{count}\n");
            text.Append(CultureInfo.InvariantCulture, $"LF:{source.Lines.Count}\nLH:{source.Hit}\nend_of_record\n");
        }
        return text.ToString();
    }

    static long? Number(string text) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
