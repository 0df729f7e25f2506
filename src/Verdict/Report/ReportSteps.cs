namespace Understudy.Verdict.Report;

/// <summary>The steps on one line of time, then one by one.</summary>
static class ReportSteps
{
    const int MostLines = 200;

    public static void Render(RunRecord run, HtmlText page)
    {
        if (run.Steps.Count == 0) return;
        var total = Total(run);
        page.Raw("<section id=\"steps\"><h2>Steps</h2>\n");
        Strip(run, total, page);
        page.Raw("<table><thead><tr><th>Step</th><th class=\"bars\">Time</th><th class=\"number\">Took</th>")
            .Raw("<th class=\"outcome\">Outcome</th></tr></thead><tbody>\n");
        foreach (var step in run.Steps) Row(step, total, page);
        page.Raw("</tbody></table></section>\n");
    }

    public static double Total(RunRecord run) =>
        Math.Max(run.EndedSeconds ?? 0, run.Steps.Select(s => s.EndedSeconds ?? s.StartedSeconds).DefaultIfEmpty(0).Max());

    static void Strip(RunRecord run, double total, HtmlText page)
    {
        page.Raw("<div class=\"strip\" id=\"strip\" role=\"img\" aria-label=\"time line of the steps\">");
        foreach (var step in run.Steps)
        {
            var narrow = Span(step, total) < total / 25 ? " narrow" : "";
            page.Raw($"<i class=\"{Word(step)}{narrow}\" style=\"{Place(step, total)}\" title=\"").Text($"{step.Name}: {Took(step)}")
                .Raw("\">").Text(step.Name).Raw("</i>");
        }

        for (var i = 0; i < run.Findings.Count; i++)
            page.Raw($"<b style=\"left:{Show.Percent(run.Findings[i].Time, total)}\" title=\"").Text(run.Findings[i].Title).Raw("\"></b>");
        page.Raw("<u id=\"cursor\" hidden></u></div>\n<p class=\"scale\"><span>0 s</span><span id=\"cursor-time\"></span><span>")
            .Text(Show.Duration(total)).Raw("</span></p>\n");
    }

    static void Row(StepRecord step, double total, HtmlText page)
    {
        page.Raw($"<tr class=\"{Word(step)}\"><td><b>").Text(step.Name).Raw("</b>");
        var reason = step.Outcome == Outcome.Skip && step.Lines is [var first] ? first : null;
        if ((step.Detail ?? reason) is { } detail) page.Raw(" <span class=\"detail\">").Text(detail).Raw("</span>");
        page.Raw($"</td><td class=\"bars\"><div class=\"bar\"><i class=\"{Word(step)}\" style=\"{Place(step, total)}\"></i></div></td>")
            .Raw("<td class=\"number\">").Text(Took(step)).Raw("</td><td class=\"outcome\">").Text(Word(step)).Raw("</td></tr>\n");
        if (step.Lines.Count > 0 && (reason is null || step.Detail is not null)) Lines(step, page);
    }

    // In a row of its own: what a guest says has long lines.
    static void Lines(StepRecord step, HtmlText page)
    {
        page.Raw($"<tr class=\"output\"><td colspan=\"4\"><details{(step.Outcome?.IsGood() == false ? " open" : "")}><summary>output</summary><pre>");
        foreach (var line in step.Lines.Take(MostLines)) page.Text(line).Raw("\n");
        if (step.Lines.Count > MostLines) page.Text($"... {step.Lines.Count - MostLines} more in steps.jsonl\n");
        page.Raw("</pre></details></td></tr>\n");
    }

    static string Word(StepRecord step) => step.Outcome?.Word() ?? "unfinished";

    static string Took(StepRecord step) => step.EndedSeconds is { } end ? Show.Duration(end - step.StartedSeconds) : "did not end";

    static string Place(StepRecord step, double total) =>
        $"left:{Show.Percent(step.StartedSeconds, total)};width:{Show.Percent(Span(step, total), total)}";

    static double Span(StepRecord step, double total) => (step.EndedSeconds ?? total) - step.StartedSeconds;
}
