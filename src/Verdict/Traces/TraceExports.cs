namespace Understudy.Verdict.Traces;

/// <summary>Every format there is.</summary>
public static class TraceExports
{
    /// <summary>The built-in ones.</summary>
    public static IReadOnlyList<ITraceExport> All { get; } = [new VcdExport(), new PerfettoExport(), new PcapExport()];

    /// <summary>The one of this name; null when there is none.</summary>
    public static ITraceExport? Find(string format) => All.FirstOrDefault(e => e.Format == format);
}
