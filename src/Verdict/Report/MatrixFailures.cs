namespace Understudy.Verdict.Report;

/// <summary>What went wrong, the worst first, each with its proof and the command that does it again; then what did not pass for a reason.</summary>
static class MatrixFailures
{
    const int MostShown = 200, OpenAtOnce = 3, MostLines = 40;

    public static void Render(RunSummary summary, MatrixLinks links, HtmlText page)
    {
        var bad = summary.Cells.Where(c => c.Outcome?.IsGood() != true).OrderBy(c => c.Outcome?.Rank() ?? int.MaxValue).ToList();
        if (bad.Count == 0) return;
        page.Raw("<section id=\"failures\"><h2>What went wrong</h2>\n");
        for (var i = 0; i < bad.Count && i < MostShown; i++) Render(bad[i], i < OpenAtOnce, links, page);
        if (bad.Count > MostShown) page.Raw("<p class=\"left-out\">").Text($"{bad.Count - MostShown} more are in the matrix above.").Raw("</p>\n");
        page.Raw("</section>\n");
    }

    static void Render(MatrixCell cell, bool open, MatrixLinks links, HtmlText page)
    {
        var run = cell.Telling;
        var word = MatrixHead.Word(cell.Outcome);
        page.Raw($"<article class=\"finding cell {word}\"><h3>").Text(run.Verdict?.Reason ?? "no verdict: cut short, or still under way").Raw("</h3>\n")
            .Raw($"<p class=\"meta\"><b>{word}</b> · ").Text(cell.Test).Raw(" on <b>").Text(cell.Cell).Raw("</b>");
        if (cell.Runs.Count > 1) page.Text($" · {cell.Runs.Count(r => r.Outcome == cell.Outcome)} of {cell.Runs.Count} runs");
        if (cell.IsFlaky) page.Raw(" · <b>flaky</b>");
        page.Raw(" · ").Text(Show.Duration(run.Seconds)).Raw(" · <a href=\"").Text(links.To(run)).Raw("\">report</a></p>\n");
        Lines(run, open, page);
        page.Raw("<div class=\"command\"><span>Reproduce</span><code>").Text(run.Info.Command)
            .Raw("</code><button type=\"button\" class=\"copy\">Copy</button></div>\n</article>\n");
    }

    static void Lines(SummaryRun run, bool open, HtmlText page)
    {
        var lines = run.Verdict?.Evidence ?? [];
        if (lines.Count == 0) return;
        page.Raw($"<details{(open ? " open" : "")}><summary>").Text(lines.Count == 1 ? "1 line" : $"{lines.Count} lines").Raw("</summary><pre>");
        foreach (var line in lines.Take(MostLines)) page.Text(ConsoleText.Visible(line)).Raw("\n");
        page.Raw("</pre></details>\n");
    }

    /// <summary>Skips and expected failures, each with its reason.</summary>
    public static void RenderRest(RunSummary summary, MatrixLinks links, HtmlText page)
    {
        var rest = summary.Cells.Where(c => c.Outcome is Outcome.Skip or Outcome.XFail).OrderBy(c => c.Outcome?.Rank()).ToList();
        if (rest.Count == 0) return;
        page.Raw("<section id=\"rest\"><h2>Did not pass, for a reason</h2>\n<table><thead><tr><th>Test</th><th>On</th><th>Reason</th><th>Outcome</th></tr></thead><tbody>\n");
        foreach (var cell in rest.Take(MostShown))
        {
            var word = MatrixHead.Word(cell.Outcome);
            page.Raw($"<tr class=\"{word}\"><td><a href=\"").Text(links.To(cell.Telling)).Raw("\">").Text(cell.Test).Raw("</a></td><td>").Text(cell.Cell)
                .Raw("</td><td>").Text(cell.Telling.Verdict?.Reason).Raw($"</td><td class=\"outcome\">{word}</td></tr>\n");
        }
        page.Raw("</tbody></table>");
        if (rest.Count > MostShown) page.Raw("<p class=\"left-out\">").Text($"{rest.Count - MostShown} more are in the matrix above.").Raw("</p>");
        page.Raw("</section>\n");
    }
}
