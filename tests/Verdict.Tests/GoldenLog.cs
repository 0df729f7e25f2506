using System.Text;

namespace Understudy.Verdict.Tests;

/// <summary>A log with the findings that must come of it on top: TITLE, SEVERITY, FRAME and CUT lines, an empty line, then the log's
/// own bytes.</summary>
sealed record GoldenLog(string Name, IReadOnlyList<string> Expected, byte[] Log)
{
    static readonly string _folder = Path.Combine(AppContext.BaseDirectory, "Logs");

    public static IEnumerable<string> Names =>
        Directory.EnumerateFiles(_folder, "*.log").Select(f => Path.GetFileNameWithoutExtension(f)).Order();

    public static GoldenLog Load(string name)
    {
        var bytes = File.ReadAllBytes(Path.Combine(_folder, name + ".log"));
        var text = Encoding.Latin1.GetString(bytes);
        var end = BlankLine(text);
        return new GoldenLog(name, [.. Findings(text[..end])], bytes[end..]);
    }

    static int BlankLine(string text)
    {
        for (var at = 0; ;)
        {
            var next = text.IndexOf('\n', at) + 1;
            if (text[at..next].Trim().Length == 0) return next;
            at = next;
        }
    }

    static IEnumerable<string> Findings(string header)
    {
        var lines = header.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        for (var i = 0; i < lines.Length;)
        {
            var finding = new StringBuilder(lines[i++]);
            while (i < lines.Length && !lines[i].StartsWith("TITLE", StringComparison.Ordinal)) finding.Append(" | ").Append(lines[i++]);
            yield return finding.ToString();
        }
    }

    public static string Describe(Finding finding) =>
        $"TITLE: {finding.Title} | SEVERITY: {finding.Severity.ToString().ToLowerInvariant()}"
        + (finding.Frame is null ? "" : $" | FRAME: {finding.Frame}") + (finding.Cut ? " | CUT: yes" : "");
}
