using System.Globalization;

namespace Understudy.Verdict.Traces;

/// <summary>The trace of a run as lines to read.</summary>
public static class TraceLines
{
    /// <summary>All lines of a run on one line of time. What was written by one device is in its order already; several are merged.</summary>
    public static IEnumerable<TraceRecord> Of(RunRecord run)
    {
        ArgumentNullException.ThrowIfNull(run);
        return run.Info.Devices.Count <= 1 ? run.Trace() : Merged(run.Trace());
    }

    static IEnumerable<TraceRecord> Merged(IEnumerable<TraceRecord> lines)
    {
        // Each device's lines are in their order; a line without a time stands where the one before it stood.
        var last = new Dictionary<string, double>();
        return lines.Select(line => (Time: last[line.Device] = Math.Max(last.GetValueOrDefault(line.Device), line.Seconds ?? 0), Line: line)).OrderBy(timed => timed.Time).Select(timed => timed.Line);
    }

    /// <summary>The lines around a finding: so many before it and after it, of those the filter shows.</summary>
    /// <param name="lines">Lines in their order.</param>
    /// <param name="finding">The finding.</param>
    /// <param name="beside">How many on either side.</param>
    public static IReadOnlyList<TraceRecord> Around(IEnumerable<TraceRecord> lines, Finding finding, int beside)
    {
        ArgumentNullException.ThrowIfNull(lines);
        ArgumentNullException.ThrowIfNull(finding);
        var (before, after) = (new Queue<TraceRecord>(), new List<TraceRecord>());
        var reached = false;
        foreach (var line in lines)
        {
            reached |= IsAt(line, finding);
            if (reached)
            {
                after.Add(line);
                if (after.Count > beside) break;
                continue;
            }
            before.Enqueue(line);
            if (before.Count > beside) before.Dequeue();
        }
        return [.. before, .. after];
    }

    // A finding of the bus stands in the trace itself; any other is where its time is.
    static bool IsAt(TraceRecord line, Finding finding)
        => (line.Kind == TraceKind.Note && $"{line.Device}: {line.Text}".StartsWith(Bare(finding.Title), StringComparison.Ordinal)) || line.Seconds > finding.Time;

    static string Bare(string title) => title.IndexOf(" (allowed: ", StringComparison.Ordinal) is > 0 and var end ? title[..end] : title;

    /// <summary>One line of text: when on the host, when in the device's own time, which device, what.</summary>
    public static string Text(TraceRecord line, int deviceWidth = 0)
    {
        ArgumentNullException.ThrowIfNull(line);
        var seconds = line.Seconds is { } host ? host.ToString("F6", CultureInfo.InvariantCulture) : "";
        var text = line.Text.StartsWith("Mmio", StringComparison.Ordinal) && line.Text.IndexOf(' ', StringComparison.Ordinal) is > 0 and var space ? line.Text[(space + 1)..] : line.Text;
        return string.Create(CultureInfo.InvariantCulture, $"{seconds,12} {line.DeviceNanoseconds,14} ns  {line.Device.PadRight(deviceWidth)}  {line.Kind.Word(),-9} {(line.Finding ? "!" : " ")} {ConsoleText.Visible(text)}");
    }

    /// <summary>A record of the kernel log in the columns of the trace.</summary>
    public static string Text(KernelRecord record, int deviceWidth = 0)
    {
        ArgumentNullException.ThrowIfNull(record);
        return string.Create(CultureInfo.InvariantCulture, $"{record.Seconds,12:F6} {"",14}     {"".PadRight(deviceWidth)}  {"kernel",-9}   {ConsoleText.Visible(record.Text)}");
    }
}
