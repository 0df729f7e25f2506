using System.Globalization;
using System.Text.Json;

namespace Understudy.Verdict.Traces;

/// <summary>The Trace Event Format in JSON that ui.perfetto.dev and chrome://tracing open: the test's steps, the kernel log and the console, and
/// each device with a track for every kind of line, on the host's line of time.</summary>
sealed class PerfettoExport : ITraceExport
{
    const int Test = 1, Guest = 2, FirstDevice = 3;

    public string Format => "perfetto";

    public string What => "ui.perfetto.dev, chrome://tracing: steps, kernel log and devices on one time line";

    public void Write(RunRecord run, IEnumerable<TraceRecord> lines, Stream to)
    {
        using var json = new Utf8JsonWriter(to);
        json.WriteStartObject();
        json.WriteString("displayTimeUnit", "ns");
        json.WriteStartArray("traceEvents");
        Named(json, Test, 0, run.Info.Id, "steps");
        foreach (var step in run.Steps) Span(json, step);
        Named(json, Guest, 1, "guest", "kernel log");
        foreach (var record in run.Kernel()) Instant(json, Guest, 1, record.Seconds, ConsoleText.Visible(record.Text), "kernel", null);
        Named(json, Guest, 2, "guest", "console");
        foreach (var line in run.Console())
            if (line.Seconds is { } seconds) Instant(json, Guest, 2, seconds, ConsoleText.Visible(line.Text), "console", null);
        WriteDevices(json, lines);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    static void WriteDevices(Utf8JsonWriter json, IEnumerable<TraceRecord> lines)
    {
        var (devices, tracks) = (new Dictionary<string, int>(), new HashSet<(string, TraceKind)>());
        foreach (var line in lines)
        {
            if (line.Seconds is not { } seconds) continue;
            if (!devices.TryGetValue(line.Device, out var process)) devices[line.Device] = process = FirstDevice + devices.Count;
            if (tracks.Add((line.Device, line.Kind))) Named(json, process, (int)line.Kind + 1, line.Device, line.Kind.Word());
            Instant(json, process, (int)line.Kind + 1, seconds, line.Text, line.Kind.Word(), line.DeviceNanoseconds);
        }
    }

    static void Named(Utf8JsonWriter json, int process, int thread, string processName, string threadName)
    {
        Name(json, "process_name", process, thread, processName);
        Name(json, "thread_name", process, thread, threadName);
    }

    static void Name(Utf8JsonWriter json, string what, int process, int thread, string name)
    {
        Begin(json, what, "M", process, thread);
        json.WriteStartObject("args");
        json.WriteString("name", name);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    static void Span(Utf8JsonWriter json, StepRecord step)
    {
        Begin(json, step.Name, "X", Test, 0);
        json.WriteNumber("ts", Microseconds(step.StartedSeconds));
        json.WriteNumber("dur", Microseconds((step.EndedSeconds ?? step.StartedSeconds) - step.StartedSeconds));
        json.WriteStartObject("args");
        json.WriteString("outcome", step.Outcome?.Word() ?? "unfinished");
        json.WriteString("detail", step.Detail ?? "");
        json.WriteEndObject();
        json.WriteEndObject();
    }

    static void Instant(Utf8JsonWriter json, int process, int thread, double seconds, string text, string category, long? deviceNanoseconds)
    {
        Begin(json, text, "i", process, thread);
        json.WriteString("s", "t");
        json.WriteString("cat", category);
        json.WriteNumber("ts", Microseconds(seconds));
        if (deviceNanoseconds is { } device)
        {
            json.WriteStartObject("args");
            json.WriteString("device time", string.Create(CultureInfo.InvariantCulture, $"{device} ns"));
            json.WriteEndObject();
        }
        json.WriteEndObject();
    }

    static void Begin(Utf8JsonWriter json, string name, string phase, int process, int thread)
    {
        json.WriteStartObject();
        json.WriteString("name", name);
        json.WriteString("ph", phase);
        json.WriteNumber("pid", process);
        json.WriteNumber("tid", thread);
    }

    static decimal Microseconds(double seconds) => Math.Round((decimal)seconds * 1_000_000, 3);
}
