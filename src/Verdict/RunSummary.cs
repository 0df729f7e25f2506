namespace Understudy.Verdict;

/// <summary>What many runs below one folder come to: a matrix of tests by kernels (docs/run-directory.md).</summary>
public sealed class RunSummary
{
    readonly List<string> _problems = [];

    RunSummary(string folder)
    {
        Path = System.IO.Path.GetFullPath(folder);
        if (!Directory.Exists(Path)) throw new DirectoryNotFoundException($"{Path} is not a folder with runs in it: it does not exist");
        Runs = [.. Read().OrderBy(r => r.Test, StringComparer.Ordinal).ThenBy(r => r.Cell, ByNumber).ThenBy(r => r.Repeat).ThenBy(r => r.StartedUtc)];
        Cells = [.. Runs.GroupBy(r => (r.Test, r.Cell)).Select(g => new MatrixCell(g.Key.Test, g.Key.Cell, [.. g]))];
    }

    static StringComparer ByNumber => StringComparer.Create(System.Globalization.CultureInfo.InvariantCulture, System.Globalization.CompareOptions.NumericOrdering);

    /// <summary>Reads every run directory below a folder, or the folder itself when it is one. Links are not followed.</summary>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    public static RunSummary Read(string folder) => new(folder);

    /// <summary>What the drivers of all runs met of their devices together; null where no run says.</summary>
    public Coverage? Coverage() => Verdict.Coverage.Merge(Runs.Select(run => Verdict.Coverage.Of(System.IO.Path.Combine(Path, run.Folder))).OfType<Coverage>());

    /// <summary>The folder's absolute path.</summary>
    public string Path { get; }

    /// <summary>All runs, by test, cell and repeat.</summary>
    public IReadOnlyList<SummaryRun> Runs { get; }

    /// <summary>The runs of one test on one kernel together.</summary>
    public IReadOnlyList<MatrixCell> Cells { get; }

    /// <summary>The rows.</summary>
    public IReadOnlyList<string> Tests => [.. Cells.Select(c => c.Test).Distinct()];

    /// <summary>The columns, in the order of their numbers: 6.1 before 6.12.</summary>
    public IReadOnlyList<string> Columns => [.. Cells.Select(c => c.Cell).Distinct().Order(ByNumber)];

    /// <summary>What could not be read, one sentence each.</summary>
    public IReadOnlyList<string> Problems => _problems;

    /// <summary>Runs that ended so.</summary>
    public int Count(Outcome outcome) => Runs.Count(r => r.Outcome == outcome);

    /// <summary>Runs without a verdict: cut short, or still under way.</summary>
    public int Unfinished => Runs.Count(r => r.Outcome is null);

    /// <summary>The worst of all runs; one without a verdict is <see cref="Outcome.Broken"/>, and so is having none at all.</summary>
    public Outcome Outcome => Outcomes.Worst(Runs.Select(r => r.Outcome ?? Outcome.Broken)) ?? Outcome.Broken;

    IEnumerable<SummaryRun> Read()
    {
        var here = new Stack<string>([Path]);
        while (here.TryPop(out var directory))
        {
            if (File.Exists(System.IO.Path.Combine(directory, RunFiles.Run)))
            {
                if (Load(directory) is { } run) yield return run;
                continue;
            }
            foreach (var below in Below(directory)) here.Push(below);
        }
    }

    string[] Below(string directory)
    {
        try
        {
            return [.. new DirectoryInfo(directory).EnumerateDirectories().Where(d => d.LinkTarget is null).Select(d => d.FullName)];
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            _problems.Add($"{directory} is left out: {error.Message}");
            return [];
        }
    }

    SummaryRun? Load(string directory)
    {
        try
        {
            return SummaryRun.Of(RunRecord.Load(directory), Path);
        }
        catch (Exception error) when (error is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            _problems.Add($"{directory} is left out: {error.Message}");
            return null;
        }
    }
}
