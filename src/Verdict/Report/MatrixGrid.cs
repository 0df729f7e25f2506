namespace Understudy.Verdict.Report;

/// <summary>The picture: a row for each test, a column for each kernel, each cell coloured by its outcome.</summary>
static class MatrixGrid
{
    // With few columns there is room for words.
    const int FewColumns = 5;

    public static void Render(RunSummary summary, MatrixLinks links, HtmlText page)
    {
        if (summary.Cells.Count == 0) return;
        var columns = summary.Columns;
        var cells = summary.Cells.ToDictionary(c => (c.Test, c.Cell));
        var style = columns.Count <= FewColumns ? "wide" : "dense";
        page.Raw($"<section id=\"matrix\"><h2>Matrix</h2>\n<div class=\"grid {style}\" tabindex=\"0\"><table><thead><tr><th scope=\"col\">Test</th>");
        foreach (var column in columns) page.Raw("<th scope=\"col\"><span>").Text(column).Raw("</span></th>");
        page.Raw("</tr></thead><tbody>\n");
        // What went wrong must not be looked for: it stands first, and each part in its own order.
        foreach (var test in summary.Tests.OrderBy(test => columns.All(column => !cells.TryGetValue((test, column), out var cell) || cell.Outcome?.IsGood() == true))) Row(test, columns, cells, links, page);
        page.Raw("</tbody></table></div>\n<p class=\"told\" id=\"told\" aria-live=\"polite\">Point at a cell to see what came of it; open it to see why.</p></section>\n");
    }

    static void Row(string test, IReadOnlyList<string> columns, Dictionary<(string, string), MatrixCell> cells, MatrixLinks links, HtmlText page)
    {
        var slash = test.LastIndexOf('/') + 1;
        page.Raw("<tr><th scope=\"row\" title=\"").Text(test).Raw("\"><small>").Text(test[..slash]).Raw("</small>").Text(test[slash..]).Raw("</th>");
        foreach (var column in columns)
        {
            if (cells.TryGetValue((test, column), out var cell)) Cell(cell, links, page);
            else page.Raw("<td><i class=\"none\" title=\"did not run\"></i></td>");
        }
        page.Raw("</tr>\n");
    }

    static void Cell(MatrixCell cell, MatrixLinks links, HtmlText page)
    {
        var word = MatrixHead.Word(cell.Outcome);
        page.Raw($"<td><a class=\"{word}\" href=\"").Text(links.To(cell.Telling)).Raw("\" title=\"").Text(Tell(cell)).Raw($"\" data-outcome=\"{word}\">")
            .Raw($"<b>{Sign(cell.Outcome)}</b><span>{word}</span><small>").Text(Show.Duration(cell.Telling.Seconds)).Raw("</small>");
        if (cell.Runs.Count > 1)
        {
            page.Raw("<u>");
            foreach (var run in cell.Runs.Take(40)) page.Raw($"<i class=\"{MatrixHead.Word(run.Outcome)}\"></i>");
            page.Raw("</u>");
        }
        page.Raw("</a></td>");
    }

    static string Tell(MatrixCell cell)
    {
        var run = cell.Telling;
        var many = cell.Runs.Count > 1 ? $" ({cell.Runs.Count(r => r.Outcome == cell.Outcome)} of {cell.Runs.Count} runs{(cell.IsFlaky ? ", flaky" : "")})" : "";
        return $"{cell.Test} on {cell.Cell}: {MatrixHead.Word(cell.Outcome)}{many} after {Show.Duration(run.Seconds)}. {run.Verdict?.Reason ?? "no verdict: cut short, or still under way"}";
    }

    // So that nobody has to tell colours apart.
    static string Sign(Outcome? outcome) => outcome switch
    {
        Outcome.Pass => "✓",
        Outcome.Fail => "✗",
        Outcome.Skip => "–",
        Outcome.Broken => "!",
        Outcome.XFail => "x",
        Outcome.XPass => "P",
        Outcome.Error => "E",
        null => "…",
        _ => throw new ArgumentOutOfRangeException(nameof(outcome), outcome, "no such outcome"),
    };
}
