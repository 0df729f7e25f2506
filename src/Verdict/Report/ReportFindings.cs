namespace Understudy.Verdict.Report;

/// <summary>What was found, worst thing of the page, so it stands first.</summary>
static class ReportFindings
{
    const int MostLines = 60;

    public static void Render(RunRecord run, HtmlText page)
    {
        var evidence = run.Verdict is { Outcome: not Outcome.Pass } v && run.Findings.Count == 0 ? v.Evidence : [];
        if (run.Findings.Count == 0 && evidence.Count == 0) return;
        page.Raw("<section id=\"findings\"><h2>Findings</h2>\n");
        for (var i = 0; i < run.Findings.Count; i++) Render(run.Findings[i], i, page);
        if (evidence.Count > 0)
        {
            page.Raw("<p class=\"meta\">No report of the kernel, no complaint about a device. The verdict stands on this:</p>\n");
            Lines(evidence, page);
        }
        page.Raw("</section>\n");
    }

    static void Render(Finding finding, int index, HtmlText page)
    {
        var severity = finding.Severity.ToString().ToLowerInvariant();
        page.Raw($"<article class=\"finding {severity}\" id=\"finding-{index + 1}\"><h3>").Text(finding.Title).Raw("</h3>\n")
            .Raw($"<p class=\"meta\"><b>{severity}</b> · ").Text(Show.Seconds(finding.Time))
            .Raw(" s · ").Text(finding.Source.ToString().ToLowerInvariant());
        if (finding.Step is not null) page.Raw(" · during <i>").Text(finding.Step).Raw("</i>");
        if (finding.Frame is not null) page.Raw(" · look at <code>").Text(finding.Frame).Raw("</code>");
        if (finding.Baseline) page.Raw(" · baseline: before the driver");
        if (finding.Expected) page.Raw(" · expected");
        if (finding.Cut) page.Raw(" · report cut short");
        page.Raw($" · <button type=\"button\" class=\"link\" data-finding=\"{index}\">show in log</button></p>\n");
        if (finding.Stack is { Count: > 0 } stack)
        {
            page.Raw("<pre class=\"stack\">");
            foreach (var frame in stack) page.Text(frame).Raw("\n");
            page.Raw("</pre>\n");
        }
        Lines(finding.Lines, page);
        page.Raw("</article>\n");
    }

    static void Lines(IReadOnlyList<string> lines, HtmlText page)
    {
        if (lines.Count == 0) return;
        page.Raw("<details><summary>").Text(lines.Count == 1 ? "1 line" : $"{lines.Count} lines").Raw("</summary><pre>");
        foreach (var line in lines.Take(MostLines)) page.Text(line).Raw("\n");
        if (lines.Count > MostLines) page.Text($"... {lines.Count - MostLines} more in findings.jsonl\n");
        page.Raw("</pre></details>\n");
    }
}
