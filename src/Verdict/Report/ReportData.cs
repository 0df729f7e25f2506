using System.Globalization;
using System.Text;
using System.Text.Json;
using Understudy.Verdict.Traces;

namespace Understudy.Verdict.Report;

/// <summary>What the script of the page works on.</summary>
sealed record ReportData(
    double Total, Excerpt<LogRow> Console, Excerpt<LogRow> Kernel, Excerpt<TraceRecord> Trace, IReadOnlyList<Finding> Findings)
{
    const int MostRows = 20_000, LongestText = 600;

    public static ReportData Read(RunRecord run)
    {
        var kernel = run.Kernel().Select(r => new LogRow(r.Seconds, Stamped(r), r.Level));
        var console = run.Console().Select(l => new LogRow(l.Seconds, ConsoleText.Visible(l.Text), null));
        return new(ReportSteps.Total(run), new(console, MostRows), new(kernel, MostRows), new(TraceLines.Of(run), MostRows), run.Findings);
    }

    static string Stamped(KernelRecord record) =>
        string.Create(CultureInfo.InvariantCulture, $"[{record.GuestMicroseconds / 1e6,12:F6}] {record.Text}");

    public string ToJson()
    {
        using var bytes = new MemoryStream();
        // The default encoder escapes '<': nothing in here can end the script element.
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            json.WriteNumber("total", Total);
            Write(json, "console", Console);
            Write(json, "kernel", Kernel);
            WriteTrace(json);
            json.WriteStartArray("findings");
            foreach (var finding in Findings) json.WriteStringValue(finding.Severity.ToString().ToLowerInvariant());
            json.WriteEndArray();
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(bytes.ToArray());
    }

    void Write(Utf8JsonWriter json, string name, Excerpt<LogRow> excerpt)
    {
        LogRow[] rows = [.. excerpt.Items];
        var marks = FindingMarks.In(rows, Findings);
        json.WriteStartObject(name);
        WriteGap(json, excerpt.LeftOut, excerpt.Gap);
        json.WriteStartArray("rows");
        var time = 0.0;
        for (var i = 0; i < rows.Length; i++)
        {
            time = Math.Max(time, rows[i].Seconds ?? time);
            json.WriteStartArray();
            json.WriteNumberValue(Math.Round(time, 6));
            json.WriteStringValue(Short(rows[i].Text));
            json.WriteNumberValue(marks[i]);
            json.WriteNumberValue(rows[i].Level ?? -1);
            json.WriteEndArray();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    void WriteTrace(Utf8JsonWriter json)
    {
        json.WriteStartObject("trace");
        WriteGap(json, Trace.LeftOut, Trace.Gap);
        json.WriteStartArray("rows");
        var time = 0.0;
        foreach (var row in Trace.Items)
        {
            time = Math.Max(time, row.Seconds ?? time);
            json.WriteStartArray();
            json.WriteNumberValue(Math.Round(time, 6));
            json.WriteStringValue(Short(row.Text));
            json.WriteStringValue(Kind(row.Kind));
            json.WriteStringValue(row.Device);
            json.WriteStringValue(row.Value is { } value ? $"0x{value:x}" : "");
            json.WriteNumberValue(row.Finding ? 1 : 0);
            json.WriteNumberValue(row.DeviceNanoseconds);
            json.WriteEndArray();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    static void WriteGap(Utf8JsonWriter json, long leftOut, int gap)
    {
        json.WriteNumber("leftOut", leftOut);
        json.WriteNumber("gap", gap);
    }

    static string Kind(TraceKind kind) => kind switch
    {
        TraceKind.DmaRead => "dma read",
        TraceKind.DmaWrite => "dma write",
        _ => kind.ToString().ToLowerInvariant(),
    };

    static string Short(string text) => text.Length <= LongestText ? text : text[..LongestText] + " …";
}

/// <summary>A line of console or kernel log.</summary>
readonly record struct LogRow(double? Seconds, string Text, int? Level);
