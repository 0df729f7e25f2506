using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Understudy.Verdict;

/// <summary>
/// Reads a run directory, finished or not. What a kill left torn is left out and told in <see cref="Problems"/>; only a directory
/// without a readable <c>run.json</c> is refused.
/// </summary>
public sealed class RunRecord
{
    readonly List<string> _problems = [];

    RunRecord(string path)
    {
        Path = System.IO.Path.GetFullPath(path);
        Info = ReadInfo();
        Steps = LatestSteps();
        Findings = LatestFindings();
        var verdict = ReadVerdict();
        if (verdict is not null) Verdict = new RunVerdict(verdict.Outcome, verdict.Reason, verdict.Evidence);
        EndedSeconds = verdict?.EndedSeconds;
        if (verdict is null) _problems.Add("no verdict: the run was cut short, or is still under way");
    }

    /// <summary>Reads a run directory; the long files are read when asked for.</summary>
    /// <exception cref="InvalidDataException">Not a run directory, or one of a newer format; says which.</exception>
    public static RunRecord Load(string path) => new(path);

    /// <summary>The directory's absolute path.</summary>
    public string Path { get; }

    /// <summary>What ran.</summary>
    public RunInfo Info { get; }

    /// <summary>The steps in order; one that was cut short has no outcome.</summary>
    public IReadOnlyList<StepRecord> Steps { get; }

    /// <summary>The findings in the order they were made.</summary>
    public IReadOnlyList<Finding> Findings { get; }

    /// <summary>Null when the run did not get that far.</summary>
    public RunVerdict? Verdict { get; }

    /// <summary>Host seconds since the run's start at the verdict; null without one.</summary>
    public double? EndedSeconds { get; }

    /// <summary>What could not be read, one sentence each. Grows as the long files are read.</summary>
    public IReadOnlyList<string> Problems => _problems;

    /// <summary>The kernel log, read as it is enumerated.</summary>
    public IEnumerable<KernelRecord> Kernel() => Lines(RunFiles.Kernel, RunJson.Default.KernelRecord);

    /// <summary>The device transactions, read as they are enumerated.</summary>
    public IEnumerable<TraceRecord> Trace() => Lines(RunFiles.Trace, RunJson.Default.TraceRecord);

    /// <summary>The serial console line by line, read as it is enumerated.</summary>
    public IEnumerable<ConsoleLine> Console() => ConsoleLines.Read(In(RunFiles.Console), In(RunFiles.ConsoleTimes));

    /// <summary>Names of the files beside the run's own, such as <c>wire.pcap</c>.</summary>
    public IReadOnlyList<string> Attachments =>
        [.. Directory.EnumerateFiles(Path).Select(f => System.IO.Path.GetFileName(f))
            .Where(f => !f.StartsWith('.') && !RunFiles.All.Contains(f)).Order()];

    RunInfo ReadInfo()
    {
        var file = In(RunFiles.Run);
        if (!File.Exists(file)) throw new InvalidDataException($"{Path} is not a run directory: it has no {RunFiles.Run}");
        var info = Parse(file, File.ReadAllText(file), RunJson.Default.RunInfo, out var error)
            ?? throw new InvalidDataException($"{file} cannot be read: {error}");
        if (info.Schema > RunInfo.CurrentSchema)
        {
            throw new InvalidDataException(
                $"{file} has schema {info.Schema}; this version reads up to {RunInfo.CurrentSchema}: use a newer understudy");
        }
        return info;
    }

    VerdictFile? ReadVerdict()
    {
        var file = In(RunFiles.Verdict);
        if (!File.Exists(file)) return null;
        var verdict = Parse(file, File.ReadAllText(file), RunJson.Default.VerdictFile, out var error);
        if (verdict is null) _problems.Add($"{RunFiles.Verdict} cannot be read: {error}");
        return verdict;
    }

    List<StepRecord> LatestSteps()
    {
        var steps = new SortedDictionary<int, StepRecord>();
        foreach (var step in Lines(RunFiles.Steps, RunJson.Default.StepRecord)) steps[step.Index] = step;
        return [.. steps.Values];
    }

    // What is known of a finding only when the run is over comes as a line of its own, which takes the place of the first.
    List<Finding> LatestFindings()
    {
        var findings = new List<Finding>();
        foreach (var finding in Lines(RunFiles.Findings, RunJson.Default.Finding))
        {
            var first = finding.Stack is null ? -1 : findings.FindIndex(other => other.Stack is null && (other.Fingerprint, other.Source, other.Time) == (finding.Fingerprint, finding.Source, finding.Time));
            if (first < 0) findings.Add(finding);
            else findings[first] = finding;
        }
        return findings;
    }

    IEnumerable<T> Lines<T>(string name, JsonTypeInfo<T> type) where T : class
    {
        var file = In(name);
        if (!File.Exists(file)) yield break;
        using var reader = new StreamReader(new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        for (var number = 1; reader.ReadLine() is { } line; number++)
        {
            var value = Parse(file, line, type, out var error);
            if (value is not null) yield return value;
            else Complain($"{name} line {number} is left out: {(reader.EndOfStream ? "torn by the end of the run" : error)}");
        }
    }

    void Complain(string problem)
    {
        if (!_problems.Contains(problem)) _problems.Add(problem);
    }

    static T? Parse<T>(string file, string json, JsonTypeInfo<T> type, out string? error) where T : class
    {
        error = null;
        try
        {
            return JsonSerializer.Deserialize(json, type) ?? throw new JsonException("null");
        }
        catch (JsonException wrong)
        {
            error = $"{System.IO.Path.GetFileName(file)}: {wrong.Message}";
            return null;
        }
    }

    string In(string name) => System.IO.Path.Combine(Path, name);
}
