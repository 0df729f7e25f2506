using System.Text.Json;

namespace Understudy.Runner.Sweeps;

/// <summary>The results of a sweep as they come, a line each: <c>sweep.jsonl</c>. A sweep that is killed goes on where its last whole line
/// ends.</summary>
sealed class SweepJournal : IDisposable
{
    public const string Name = "sweep.jsonl";

    readonly Lock _lock = new();
    readonly FileStream _file;
    readonly Dictionary<string, SweepResult> _known;

    SweepJournal(FileStream file, IEnumerable<SweepResult> known) => (_file, _known) = (file, known.ToDictionary(result => result.Rule));

    /// <summary>What has been tried, by the rule.</summary>
    public IReadOnlyDictionary<string, SweepResult> Known
    {
        get { lock (_lock) return new Dictionary<string, SweepResult>(_known); }
    }

    /// <summary>Begins a journal, or goes on with one.</summary>
    /// <exception cref="IOException">It is of another sweep, or cannot be read.</exception>
    public static SweepJournal Open(string directory, SweepHead head)
    {
        var path = Path.Combine(directory, Name);
        var lines = File.Exists(path) ? Whole(path) : [];
        if (lines.Count > 0 && Read(lines[0], SweepJson.OneLine.SweepHead, path, 1) is var begun && begun != head)
            throw new IOException($"{path} is of another sweep ({begun.Test}, {begun.Kernel} {begun.Release}, seed {begun.Seed}, {begun.Parameters}): name another directory with --output, or resume with the same arguments");
        var known = lines.Skip(1).Select((line, index) => Read(line, SweepJson.OneLine.SweepResult, path, index + 2)).Where(result => result.Outcome != SweepOutcome.Broken).ToList();
        var file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.Read);
        var journal = new SweepJournal(file, known.DistinctBy(result => result.Rule));
        // A line that was cut in the middle of being written is written over.
        file.SetLength(lines.Sum(line => System.Text.Encoding.UTF8.GetByteCount(line) + 1L));
        file.Seek(0, SeekOrigin.End);
        if (lines.Count == 0) journal.Write(JsonSerializer.SerializeToUtf8Bytes(head, SweepJson.OneLine.SweepHead));
        return journal;
    }

    /// <summary>Adds a result; it is with the kernel when this returns.</summary>
    public void Add(SweepResult result)
    {
        lock (_lock)
        {
            Write(JsonSerializer.SerializeToUtf8Bytes(result, SweepJson.OneLine.SweepResult));
            if (result.Outcome != SweepOutcome.Broken) _known[result.Rule] = result;
        }
    }

    public void Dispose() => _file.Dispose();

    void Write(byte[] line)
    {
        _file.Write([.. line, (byte)'\n']);
        _file.Flush();
    }

    static List<string> Whole(string path)
    {
        var text = File.ReadAllText(path);
        return [.. text[..(text.LastIndexOf('\n') + 1)].Split('\n', StringSplitOptions.RemoveEmptyEntries)];
    }

    static T Read<T>(string line, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type, string path, int number) where T : class
    {
        try
        {
            return JsonSerializer.Deserialize(line, type) ?? throw new JsonException("it is null");
        }
        catch (JsonException wrong)
        {
            throw new IOException($"{path}:{number}: this is no line of a sweep's journal: {wrong.Message}");
        }
    }
}
