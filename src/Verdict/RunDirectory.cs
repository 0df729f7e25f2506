using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Understudy.Verdict;

/// <summary>
/// Writes down a run while it happens (docs/run-directory.md). Files only grow, and every call has reached the kernel when it returns:
/// a kill at any moment leaves a directory that <see cref="RunRecord"/> reads. Any thread may call any member.
/// Every member that writes throws <see cref="RunDirectoryFullException"/> when the disk is full.
/// </summary>
public sealed class RunDirectory : IDisposable
{
    // Given back when the disk is full, so that the verdict still finds room.
    const int ReserveBytes = 64 * 1024;

    readonly TimeProvider _time;
    readonly long _zero;
    readonly Lock _lock = new();
    readonly List<StepRecord> _steps = [];
    readonly ConsoleLog _console;
    readonly AppendFile _stepFile, _kernelFile, _traceFile, _findingFile;

    RunDirectory(string path, RunInfo info, TimeProvider time)
    {
        Path = path;
        _time = time;
        _zero = time.GetTimestamp();
        Info = info with { StartedUtc = time.GetUtcNow() };
        Describe(Info);
        Replace(RunFiles.Reserve, new byte[ReserveBytes]);
        _console = new ConsoleLog(In(RunFiles.Console), In(RunFiles.ConsoleTimes));
        _stepFile = new AppendFile(In(RunFiles.Steps));
        _kernelFile = new AppendFile(In(RunFiles.Kernel));
        _traceFile = new AppendFile(In(RunFiles.Trace));
        _findingFile = new AppendFile(In(RunFiles.Findings));
    }

    /// <summary>Starts a run: second 0 is now.</summary>
    /// <param name="path">A directory that is empty or does not exist yet.</param>
    /// <param name="info">What is known so far; <see cref="Describe"/> adds the rest.</param>
    /// <param name="time">The host's clocks; the system's when null.</param>
    /// <exception cref="IOException">The directory holds something already, or cannot be made.</exception>
    public static RunDirectory Create(string path, RunInfo info, TimeProvider? time = null)
    {
        Directory.CreateDirectory(path);
        if (Directory.EnumerateFileSystemEntries(path).Any())
            throw new IOException($"{path} is not empty: a run directory is written once; name a new one");
        return new RunDirectory(System.IO.Path.GetFullPath(path), info, time ?? TimeProvider.System);
    }

    /// <summary>The directory's absolute path.</summary>
    public string Path { get; }

    /// <summary>What <c>run.json</c> says now.</summary>
    public RunInfo Info { get; private set; }

    /// <summary>Host seconds since the run's start.</summary>
    public double Now => SecondsAt(_time.GetTimestamp());

    /// <summary>Host seconds since the run's start of a timestamp taken earlier with <see cref="TimeProvider.GetTimestamp"/>
    /// (or <see cref="System.Diagnostics.Stopwatch.GetTimestamp"/>, which is the same clock).</summary>
    public double SecondsAt(long timestamp) => _time.GetElapsedTime(_zero, timestamp).TotalSeconds;

    /// <summary>Replaces <c>run.json</c> in one rename, for facts that become known on the way. The start time stays.</summary>
    public void Describe(RunInfo info)
    {
        lock (_lock)
        {
            Info = info with { StartedUtc = Info.StartedUtc };
            Replace(RunFiles.Run, Json(Info, RunJson.Default.RunInfo));
        }
    }

    /// <summary>Begins a step; it is on disk at once, so a kill in its middle shows where it struck.</summary>
    public RunStep BeginStep(string name, string? detail = null)
    {
        StepRecord begun;
        lock (_lock)
        {
            begun = new StepRecord(_steps.Count, name, detail, Now, null, null, []);
            _steps.Add(begun);
            _stepFile.AppendLine(begun, RunJson.Default.StepRecord);
        }
        return new RunStep(this, begun);
    }

    internal void Write(StepRecord ended)
    {
        lock (_lock)
        {
            _steps[ended.Index] = ended;
            _stepFile.AppendLine(ended, RunJson.Default.StepRecord);
        }
    }

    /// <summary>All steps so far, in order.</summary>
    public IReadOnlyList<StepRecord> Steps
    {
        get { lock (_lock) return [.. _steps]; }
    }

    /// <summary>Adds console output, whatever its bytes. Allocates nothing.</summary>
    /// <param name="bytes">As they came over the wire.</param>
    /// <param name="seconds">When they came: <see cref="Now"/> or <see cref="SecondsAt"/>.</param>
    public void AppendConsole(ReadOnlySpan<byte> bytes, double seconds) => _console.Append(bytes, seconds);

    /// <summary>Adds a record of the kernel log.</summary>
    public void Append(KernelRecord record) => _kernelFile.AppendLine(record, RunJson.Default.KernelRecord);

    /// <summary>Adds device transactions, in one piece: many at once cost little more than one.</summary>
    public void Append(params ReadOnlySpan<TraceRecord> records) => _traceFile.AppendLines(records, TraceJson.Write);

    /// <summary>Adds a finding and charges it to the step it fell in, unless it names one.</summary>
    /// <returns>The finding as written.</returns>
    public Finding Append(Finding finding)
    {
        var charged = finding.Step is null ? finding with { Step = StepAt(finding.Time) } : finding;
        _findingFile.AppendLine(charged, RunJson.Default.Finding);
        return charged;
    }

    string? StepAt(double seconds)
    {
        lock (_lock) return _steps.LastOrDefault(s => s.StartedSeconds <= seconds && !(s.EndedSeconds < seconds))?.Name;
    }

    /// <summary>Opens a file beside the run's own, such as <c>wire.pcap</c>. The caller closes it before the run is concluded.</summary>
    /// <exception cref="ArgumentException">The name is a path, or one of the run's own files.</exception>
    public Stream CreateAttachment(string name)
    {
        if (name.Length == 0 || name.StartsWith('.') || name.AsSpan().ContainsAny('/', '\\', '\0'))
            throw new ArgumentException($"'{name}' is not a plain file name", nameof(name));
        if (RunFiles.All.Contains(name)) throw new ArgumentException($"'{name}' is a file of the run directory itself", nameof(name));
        return new FileStream(In(name), FileMode.CreateNew, FileAccess.Write, FileShare.Read, bufferSize: 0);
    }

    /// <summary>Writes <c>coverage.json</c>, in one rename.</summary>
    public void Write(Coverage coverage) => Replace(RunFiles.Coverage, Json(coverage, RunJson.Default.Coverage));

    /// <summary>Writes <c>results.ktap</c> and, last of all, <c>verdict.json</c>. Works on a full disk.</summary>
    public void Conclude(RunVerdict verdict)
    {
        lock (_lock)
        {
            File.Delete(In(RunFiles.Reserve));
            var file = new VerdictFile(RunInfo.CurrentSchema, verdict.Outcome, verdict.Reason, verdict.Evidence, Now);
            Replace(RunFiles.Results, Encoding.UTF8.GetBytes(Ktap.Render(_steps)));
            Replace(RunFiles.Verdict, Json(file, RunJson.Default.VerdictFile));
        }
    }

    /// <summary>Concludes a run whose writer died before it could: by what had been found of kernel and devices until then, else as told.</summary>
    /// <param name="path">The run's directory; nobody writes there any more.</param>
    /// <param name="otherwise">The verdict where no finding gives one.</param>
    /// <returns>The verdict that is there now; one that had been written before all the same stays.</returns>
    /// <exception cref="InvalidDataException">It is not a run directory.</exception>
    public static RunVerdict ConcludeAbandoned(string path, RunVerdict otherwise)
    {
        var record = RunRecord.Load(path);
        if (record.Verdict is { } written) return written;
        var verdict = record.Findings.Any(f => f.Counts) ? VerdictEngine.Decide([], record.Findings, []) : otherwise;
        File.Delete(System.IO.Path.Combine(path, RunFiles.Reserve));
        var ended = record.Steps.Select(s => s.EndedSeconds ?? s.StartedSeconds).DefaultIfEmpty(0).Max();
        Replace(path, RunFiles.Results, Encoding.UTF8.GetBytes(Ktap.Render(record.Steps)));
        Replace(path, RunFiles.Verdict, Json(new VerdictFile(RunInfo.CurrentSchema, verdict.Outcome, verdict.Reason, verdict.Evidence, ended), RunJson.Default.VerdictFile));
        HtmlReport.Write(RunRecord.Load(path));
        return verdict;
    }

    static byte[] Json<T>(T value, JsonTypeInfo<T> type)
    {
        using var bytes = new MemoryStream();
        using (var writer = new Utf8JsonWriter(bytes, RunJson.Pretty)) JsonSerializer.Serialize(writer, value, type);
        bytes.WriteByte((byte)'\n');
        return bytes.ToArray();
    }

    void Replace(string name, ReadOnlySpan<byte> content) => Replace(Path, name, content);

    static void Replace(string directory, string name, ReadOnlySpan<byte> content)
    {
        var (draft, file) = (System.IO.Path.Combine(directory, $".{name}.new"), System.IO.Path.Combine(directory, name));
        try
        {
            File.WriteAllBytes(draft, content);
            File.Move(draft, file, overwrite: true);
        }
        catch (IOException error) when (RunDirectoryFullException.Describes(error))
        {
            File.Delete(draft);
            throw new RunDirectoryFullException(file, error);
        }
    }

    string In(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>Closes the files.</summary>
    public void Dispose()
    {
        _console.Dispose();
        _stepFile.Dispose();
        _kernelFile.Dispose();
        _traceFile.Dispose();
        _findingFile.Dispose();
    }
}
