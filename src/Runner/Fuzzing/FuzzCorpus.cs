using System.Globalization;
using Understudy.Runner.Suites;
using Understudy.Runner.Sweeps;

namespace Understudy.Runner.Fuzzing;

/// <summary>The cases worth going on from, each a file of rules as tests have them (<c>0001.faults</c>), and what they have shown.</summary>
/// <param name="directory">Where the files are; a corpus of earlier is taken up.</param>
/// <param name="test">The test whose devices are struck.</param>
sealed class FuzzCorpus(string directory, DirectoryTest test)
{
    readonly Lock _lock = new();
    readonly HashSet<string> _features = [];
    readonly List<FuzzCase> _cases = [];

    /// <summary>Cases that showed something new.</summary>
    public int Count
    {
        get { lock (_lock) return _cases.Count; }
    }

    /// <summary>What all have shown.</summary>
    public int Features
    {
        get { lock (_lock) return _features.Count; }
    }

    /// <summary>What an earlier run has left, to be tried again: what it shows is not written down, and the kernel may be another.</summary>
    /// <exception cref="FormatException">A file holds what is no rule for this test.</exception>
    public IReadOnlyList<IReadOnlyList<SweepPoint>> Earlier()
    {
        if (!Directory.Exists(directory)) return [];
        return [.. Directory.EnumerateFiles(directory, "*.faults").Order(StringComparer.Ordinal).Select(Read)];
    }

    /// <summary>Counts what a case has shown; true when some of it is new, and the case is kept.</summary>
    public bool Add(IReadOnlyList<SweepPoint> points, FaultedResult result)
    {
        lock (_lock)
        {
            var before = _features.Count;
            _features.UnionWith(FuzzFeatures.Of(result));
            if (_features.Count == before) return false;
            _cases.Add(new FuzzCase(points, result.Touches));
            if (points.Count > 0) Write(points);
            return true;
        }
    }

    /// <summary>A case to go on from: one of the last quarter as likely as one of all.</summary>
    public FuzzCase Pick(Random random)
    {
        lock (_lock) return _cases[random.Next(2) == 0 ? random.Next(_cases.Count) : random.Next(_cases.Count * 3 / 4, _cases.Count)];
    }

    void Write(IReadOnlyList<SweepPoint> points)
    {
        Directory.CreateDirectory(directory);
        var text = string.Concat(points.Select(point => $"{point.Text}\n"));
        if (Directory.EnumerateFiles(directory, "*.faults").Any(file => File.ReadAllText(file) == text)) return;
        var number = Directory.EnumerateFiles(directory, "*.faults").Select(file => int.TryParse(Path.GetFileNameWithoutExtension(file), CultureInfo.InvariantCulture, out var taken) ? taken : 0).DefaultIfEmpty().Max() + 1;
        var path = Path.Combine(directory, string.Create(CultureInfo.InvariantCulture, $"{number:D4}.faults"));
        File.WriteAllText($"{path}.new", text);
        File.Move($"{path}.new", path);
    }

    IReadOnlyList<SweepPoint> Read(string file)
    {
        try
        {
            return [.. File.ReadLines(file).Select(line => line.Split('#')[0].Trim()).Where(line => line.Length > 0).Select(line => SweepPoint.Parse(line, test))];
        }
        catch (FormatException wrong)
        {
            throw new FormatException($"{file}: {wrong.Message}");
        }
    }
}
