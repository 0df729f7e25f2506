using Understudy.Verdict;

namespace Understudy.Runner.Sweeps;

/// <summary>The lines of the driver that a sweep has reached, on a kernel that counts them: kept in its directory, as LCOV and as a page.</summary>
sealed class ReachedLines
{
    readonly string _directory;
    readonly Lock _lock = new();
    readonly HashSet<(string, int)> _reached = [];
    LineCoverage? _all;

    /// <param name="directory">The sweep's; what an earlier one has reached counts.</param>
    public ReachedLines(string directory)
    {
        _directory = directory;
        if (LineCoverage.In(directory) is { } earlier) Add(earlier);
    }

    /// <summary>What share of which file; null where nothing was counted.</summary>
    public string? Summary
    {
        get { lock (_lock) return _all?.Summary; }
    }

    /// <summary>Adds what a run has reached.</summary>
    /// <returns>Some of it nobody had reached before.</returns>
    public bool Add(LineCoverage? lines)
    {
        if (lines is null) return false;
        lock (_lock)
        {
            _all = _all is null ? lines : LineCoverage.Merge([_all, lines]);
            var before = _reached.Count;
            foreach (var source in lines.Sources) _reached.UnionWith(source.Lines.Where(line => line.Value > 0).Select(line => (source.Path, line.Key)));
            return _reached.Count > before;
        }
    }

    /// <summary>Writes them down.</summary>
    /// <exception cref="RunDirectoryFullException">No room for them.</exception>
    public void Write()
    {
        lock (_lock) _all?.Write(_directory);
    }
}
