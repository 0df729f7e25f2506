using System.Globalization;
using Understudy.Pci;
using Understudy.Verdict;
using Understudy.Verdict.Report;

namespace Understudy.Runner.Sweeps;

/// <summary>The page over a sweep: what the driver did not survive, the smallest fault that shows it, and a picture of all that was tried.</summary>
static class SweepReport
{
    public const string Name = "sweep.html";

    const int MostOthers = 200;

    /// <summary>Writes the page into the sweep's directory.</summary>
    /// <exception cref="RunDirectoryFullException">No room for it.</exception>
    public static void Write(SweepSummary summary) => HtmlPage.Write(Path.GetFullPath(Path.Combine(summary.Request.Output, Name)), Render(summary));

    public static string Render(SweepSummary summary)
        => HtmlPage.Render($"sweep of {summary.Request.Test.FullName}", ["report.css", "sweep.css"], "matrix.js", page =>
        {
            Head(summary, page);
            foreach (var finding in summary.Reference) Reference(finding, page);
            if (summary.Groups.Count > 0)
            {
                page.Raw("<section><h2>What the driver did not survive</h2>\n");
                foreach (var (group, number) in summary.Groups.Select((group, index) => (group, index + 1))) Group(summary, group, number, page);
                page.Raw("</section>\n");
            }
            Remarks(summary.Remarks, page);
            if (summary.Points.Count > 0) SweepHeatMap.Render(summary, page);
        });

    static void Head(SweepSummary summary, HtmlText page)
    {
        var (word, style) = summary.Reference.Count > 0 || summary.Groups.Count > 0 ? ("fail", "fail") : summary.Count(SweepOutcome.Broken) > 0 ? ("broken", "broken") : ("pass", "pass");
        page.Raw($"<header class=\"{style}\">\n<p class=\"brand\">understudy</p>\n<h1><span class=\"verdict\" id=\"verdict\">{word}</span> sweep of ").Text(summary.Request.Test.FullName).Raw("</h1>\n<p class=\"reason\">").Text(Said(summary)).Raw("</p>\n");
        if (summary.Difference is { } difference) page.Raw("<p class=\"problem\">").Text(difference).Raw("</p>\n");
        page.Raw("<dl class=\"facts\">");
        Fact(page, "Kernel", summary.Kernel);
        Fact(page, "Board", summary.Request.Board);
        Fact(page, "Classes", string.Join(" and ", summary.Request.Classes.Order().Select(by => by == FaultClass.Legal ? "legal" : "hostile")));
        Fact(page, "Touches", Number(summary.Touches.Count));
        Fact(page, "Faults", Number(summary.Points.Count));
        Fact(page, "Survived", Number(summary.Count(SweepOutcome.Survived)));
        Fact(page, "Not survived", Number(summary.Count(SweepOutcome.Found)));
        Fact(page, "Only once", Number(summary.Count(SweepOutcome.Unsteady)));
        Fact(page, "Never reached", Number(summary.Count(SweepOutcome.NotReached)));
        Fact(page, "Not tried", Number(summary.Left));
        Fact(page, "Seed", Number(summary.Request.Seed));
        page.Raw("</dl>\n");
        if (summary.Lines is { } lines) page.Raw($"<p class=\"meta\">Lines of the driver that ran: <a href=\"{LineCoverage.PageName}\">").Text(lines).Raw("</a></p>\n");
        Command(page, "Again", summary.Request.Command);
        page.Raw("</header>\n");
    }

    static string Said(SweepSummary summary) => summary.Reference.Count > 0 ? "The test goes wrong without any fault: nothing was tried."
        : summary.Groups.Count switch
        {
            0 when summary.Left > 0 => "Nothing was found so far.",
            0 => "The driver survived every fault, and worked again after each.",
            1 => "One fault of the driver, shown by the faults of the device below.",
            var count => string.Create(CultureInfo.InvariantCulture, $"{count} faults of the driver, each shown by the faults of the device below it."),
        };

    static void Reference(SweepFinding finding, HtmlText page)
    {
        page.Raw("<section><h2>Without any fault</h2><div class=\"finding error\"><h3>").Text(finding.Title).Raw("</h3>");
        Lines(page, "What proves it", finding.Lines);
        page.Raw("<p class=\"meta\"><a href=\"reference/report.html\">the run</a></p></div></section>\n");
    }

    static void Remarks(IReadOnlyList<SweepFinding> remarks, HtmlText page)
    {
        if (remarks.Count == 0) return;
        page.Raw("<section id=\"remarks\"><h2>Worth a look</h2><p>What the driver does on the bus without any fault, and need not be wrong:</p><ul>\n");
        foreach (var remark in remarks) page.Raw("<li><b>").Text(remark.Kind).Raw("</b> ").Text(remark.Title).Raw("</li>\n");
        page.Raw("</ul></section>\n");
    }

    static void Group(SweepSummary summary, SweepGroup group, int number, HtmlText page)
    {
        page.Raw($"<div class=\"finding error\" id=\"finding-{Number(number)}\"><h3>").Text(group.Finding.Title).Raw("</h3>\n<p class=\"meta\"><b>").Text(group.Finding.Kind).Raw("</b> · ")
            .Text(group.Results.Count == 1 ? "one fault shows it" : $"{Number(group.Results.Count)} faults show it, this is the smallest").Raw("</p>\n<p class=\"rule\">").Text(group.Smallest.Rule).Raw("</p>\n");
        Command(page, "Reproduce", summary.Reproduce(group.Smallest.Rule));
        Lines(page, "What proves it", group.Finding.Lines);
        if (group.Smallest.Run is { } run)
        {
            Around(page, Path.Combine(summary.Request.Output, run));
            page.Raw("<p class=\"meta\"><a href=\"").Text($"{run}/report.html").Raw("\">the whole run, with console, trace and steps</a></p>\n");
        }
        if (group.Results.Count > 1) Lines(page, "All faults that show it", [.. group.Results.Take(MostOthers).Select(result => result.Rule), .. group.Results.Count > MostOthers ? new[] { $"... and {group.Results.Count - MostOthers} more" } : []], "");
        page.Raw("</div>\n");
    }

    // Where the driver was when the fault struck, in the words of the card's datasheet.
    static void Around(HtmlText page, string directory)
    {
        const int before = 12, after = 12;
        if (!Directory.Exists(directory)) return;
        var trace = RunRecord.Load(directory).Trace().ToList();
        var struck = trace.FindIndex(line => line.Kind == Verdict.TraceKind.Fault);
        if (struck < 0) return;
        page.Raw("<details open><summary>The bus around it</summary><pre>");
        for (var i = Math.Max(0, struck - before); i < Math.Min(trace.Count, struck + after); i++)
        {
            page.Raw(i == struck ? "<span class=\"struck\">" : "").Text(string.Create(CultureInfo.InvariantCulture, $"{trace[i].DeviceNanoseconds,14:N0} ns  {trace[i].Device}  {trace[i].Text}")).Raw(i == struck ? "</span>\n" : "\n");
        }
        page.Raw("</pre></details>\n");
    }

    static void Lines(HtmlText page, string what, IReadOnlyList<string> lines, string open = " open")
    {
        if (lines.Count == 0) return;
        page.Raw($"<details{open}><summary>{what}</summary><pre>");
        foreach (var line in lines) page.Text(line).Raw("\n");
        page.Raw("</pre></details>\n");
    }

    static void Command(HtmlText page, string what, string command)
        => page.Raw($"<div class=\"command\"><span>{what}</span><code>").Text(command).Raw("</code><button type=\"button\" class=\"copy\">Copy</button></div>\n");

    static void Fact(HtmlText page, string name, string value) => page.Raw($"<div><dt>{name}</dt><dd>").Text(value).Raw("</dd></div>");

    static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);
}
