using System.Globalization;

namespace Understudy.Verdict.Report;

/// <summary>The top of the matrix: what it came to, and how many of each.</summary>
static class MatrixHead
{
    public static string Title(RunSummary summary) =>
        $"{Count(summary.Tests.Count, "test")} on {Count(summary.Columns.Count, "kernel or variant", "kernels and variants")}";

    public static string Word(Outcome? outcome) => outcome?.Word() ?? "unfinished";

    public static void Render(RunSummary summary, HtmlText page)
    {
        page.Raw($"<header class=\"{summary.Outcome.Word()}\">\n<p class=\"brand\">understudy</p>\n")
            .Raw("<h1><span class=\"verdict\" id=\"verdict\">").Text(summary.Outcome.Word()).Raw("</span> ").Text(Title(summary)).Raw("</h1>\n");
        foreach (var problem in summary.Problems) page.Raw("<p class=\"problem\">").Text(problem).Raw("</p>\n");
        Share(summary, page);
        Facts(summary, page);
        page.Raw("</header>\n");
    }

    static void Share(RunSummary summary, HtmlText page)
    {
        var counts = Outcomes.WorstFirst.Select(o => (Word: o.Word(), Count: summary.Count(o))).Append((Word: "unfinished", Count: summary.Unfinished))
            .Where(c => c.Count > 0).ToList();
        page.Raw("<div class=\"share\" role=\"img\" aria-label=\"how many of each outcome\">");
        foreach (var (word, count) in counts) page.Raw($"<i class=\"{word}\" style=\"flex:{count}\"></i>");
        page.Raw("</div>\n<div class=\"chips legend\" id=\"legend\">");
        foreach (var (word, count) in counts)
            page.Raw($"<button type=\"button\" class=\"{word}\" data-outcome=\"{word}\" aria-pressed=\"false\"><i></i>{word} <b>{count}</b></button>");
        page.Raw("</div>\n");
    }

    static void Facts(RunSummary summary, HtmlText page)
    {
        if (summary.Runs.Count == 0) return;
        var first = summary.Runs.MinBy(r => r.StartedUtc)!;
        var end = summary.Runs.Max(r => r.StartedUtc.AddSeconds(r.Seconds));
        page.Raw("<dl class=\"facts\">");
        Fact(page, "Runs", Count(summary.Runs.Count, "run"), Show.Duration(summary.Runs.Sum(r => r.Seconds)) + " in guests");
        Fact(page, "Started", first.StartedUtc.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture), "took " + Show.Duration((end - first.StartedUtc).TotalSeconds));
        Fact(page, "Board", Some(summary, r => r.Info.Board), Some(summary, r => r.Info.Qemu is { } q ? $"QEMU {q.Version}" : null));
        Fact(page, "Accelerator", Some(summary, r => r.Info.Accelerator?.Name), null);
        Fact(page, "Host", Some(summary, r => r.Info.Host?.OperatingSystem), Some(summary, r => r.Info.Host?.Processor));
        page.Raw("</dl>\n");
    }

    static string Some(RunSummary summary, Func<SummaryRun, string?> of)
    {
        var all = summary.Runs.Select(of).OfType<string>().Distinct().Order(StringComparer.Ordinal).ToList();
        return string.Join(", ", all.Take(3)) + (all.Count > 3 ? $" and {all.Count - 3} more" : "");
    }

    static void Fact(HtmlText page, string name, string value, string? detail)
    {
        if (value.Length == 0) return;
        page.Raw($"<div><dt>{name}</dt><dd>").Text(value);
        if (!string.IsNullOrEmpty(detail)) page.Raw("<small>").Text(detail).Raw("</small>");
        page.Raw("</dd></div>");
    }

    static string Count(int count, string one, string? many = null) => count == 1 ? $"1 {one}" : $"{count} {many ?? one + "s"}";
}
