using System.Buffers;
using System.Text.Json;
using Understudy.Pci;
using Understudy.Verdict;

namespace Understudy.Bench;

/// <summary>What a line of a run's trace costs beside the run: found words for, and written into the run directory.</summary>
sealed class TraceBench : IBench
{
    const int AtOnce = 1024;
    const double MostTimes = 1.5;

    public string Name => "trace";

    public string What => "a line of trace put into words and into the run directory, against System.Text.Json writing such a line to memory";

    public Task<IReadOnlyList<Measurement>> RunAsync(CancellationToken cancel)
    {
        var trace = new TraceRecorder(AtOnce);
        var entries = Recorded(trace);
        var path = Directory.CreateTempSubdirectory("understudy-bench-").FullName;
        try
        {
            using var run = RunDirectory.Create(Path.Combine(path, "run"), new RunInfo { Id = "trace", Title = Name, Command = "bench/run trace" });
            var records = Array.ConvertAll(entries, entry => new TraceRecord(entry.DeviceTime / 1e9, entry.DeviceTime, "card", Understudy.Verdict.TraceKind.Write, trace.Describe(entry)));
            var results = Rounds.Run(iterations: 20, rounds: 9, times => Serialize(records, times), times => Describe(trace, entries, times), times => Append(run, records, times));
            var (peer, words, file) = (results[0].Nanoseconds / AtOnce, results[1].Nanoseconds / AtOnce, results[2].Nanoseconds / AtOnce);
            return Task.FromResult<IReadOnlyList<Measurement>>(
            [
                new("System.Text.Json, the line to memory", peer, "ns", results[0].Bytes / AtOnce),
                new("put into words", words, "ns", results[1].Bytes / AtOnce, words / peer),
                new($"into the run directory, {AtOnce} at once", file, "ns", results[2].Bytes / AtOnce, file / peer),
                new("both", words + file, "ns", Ratio: (words + file) / peer, Target: $"<= {MostTimes}x", Met: words + file <= MostTimes * peer),
            ]);
        }
        finally
        {
            Directory.Delete(path, recursive: true);
        }
    }

    static TraceEntry[] Recorded(TraceRecorder trace)
    {
        var slot = new PciSlot(new LoopbackBus(), new BenchCard(), [trace]);
        slot.WriteConfig(4, [7, 0]);
        var entries = new TraceEntry[AtOnce];
        for (var i = 0; trace.Count < 2 * AtOnce; i++)
        {
            slot.Write(0, 4, [(byte)i, 2, 3, 4]);
            slot.WriteConfig(4, [7, 0]);        // a register of many fields
        }
        if (trace.Read(trace.Count - AtOnce, entries, out _) != AtOnce) throw new InvalidOperationException("the trace is not whole");
        return entries;
    }

    static void Serialize(TraceRecord[] records, int times)
    {
        var bytes = new ArrayBufferWriter<byte>(1 << 20);
        using var json = new Utf8JsonWriter(bytes);
        for (var i = 0; i < times; i++)
        {
            bytes.ResetWrittenCount();
            foreach (var record in records)
            {
                json.Reset();
                JsonSerializer.Serialize(json, record);
            }
        }
    }

    static void Describe(TraceRecorder trace, TraceEntry[] entries, int times)
    {
        for (var i = 0; i < times; i++)
            foreach (ref readonly var entry in entries.AsSpan())
                if (trace.Describe(entry).Length == 0) throw new InvalidOperationException("an entry without words");
    }

    static void Append(RunDirectory run, TraceRecord[] records, int times)
    {
        for (var i = 0; i < times; i++) run.Append(records);
    }
}
