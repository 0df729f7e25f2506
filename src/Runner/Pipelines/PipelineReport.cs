using System.Globalization;
using Understudy.Verdict;
using Understudy.Verdict.Report;

namespace Understudy.Runner.Pipelines;

/// <summary>The page over a pipeline: its phases with their cells, what went wrong, and the way to each cell's own page.</summary>
static class PipelineReport
{
    public static string Render(PipelineSummary summary) => HtmlPage.Render($"{Word(summary)}: {summary.Request.Pipeline.Name}", ["report.css", "matrix.css", "pipeline.css"], "matrix.js", page =>
    {
        Head(summary, page);
        page.Raw("<div id=\"matrix\">\n");
        foreach (var phase in summary.Request.Pipeline.Phases.Where(phase => summary.Results.Any(result => result.Cell.Phase == phase.Name))) Phase(summary, phase.Name, page);
        page.Raw("</div>\n<p class=\"told\" id=\"told\" aria-live=\"polite\">Point at a cell to see what came of it; open it to see why.</p>\n");
        Bad(summary, page);
    });

    static string Word(PipelineSummary summary) => !summary.Over ? "unfinished" : summary.Interrupted ? "interrupted" : summary.Outcome?.Word() ?? "unfinished";

    static void Head(PipelineSummary summary, HtmlText page)
    {
        var style = !summary.Over || summary.Interrupted ? "unfinished" : summary.Outcome?.Word() ?? "unfinished";
        page.Raw($"<header class=\"{style}\">\n<p class=\"brand\">understudy</p>\n<h1><span class=\"verdict\" id=\"verdict\">{Word(summary)}</span> pipeline ").Text(summary.Request.Pipeline.Name)
            .Raw("</h1>\n<p class=\"reason\">").Text(summary.Request.Pipeline.Description).Raw("</p>\n<dl class=\"facts\">");
        Fact(page, "Cells", summary.ToString());
        Fact(page, "Started", summary.StartedUtc.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture));
        Fact(page, "Took", Show.Duration(summary.Seconds));
        Fact(page, "In cells", Show.Duration(summary.Results.Sum(result => result.Seconds)));
        Fact(page, "Seed", summary.Request.Seed.ToString(CultureInfo.InvariantCulture));
        page.Raw("</dl>\n");
        Command(page, "Again", summary.Request.Command);
        page.Raw("</header>\n");
    }

    static void Phase(PipelineSummary summary, string phase, HtmlText page)
    {
        var results = summary.Results.Where(result => result.Cell.Phase == phase).ToList();
        page.Raw("<section class=\"phase\"><h2>").Text(phase).Raw(" <small>").Text(Show.Duration(results.Sum(result => result.Seconds))).Raw("</small></h2>\n");
        if (results.TrueForAll(result => result.Verdict is null)) page.Raw("<p class=\"problem\">").Text(results[0].WhyNot).Raw("</p>\n");
        foreach (var grid in PipelineGrid.Of(summary, phase)) Grid(summary, grid, page);
        page.Raw("</section>\n");
    }

    static void Grid(PipelineSummary summary, PipelineGrid grid, HtmlText page)
    {
        // A step over no kernel has one column, and needs no words above it.
        var isPlain = grid.Columns is [""];
        page.Raw("<div class=\"grid wide\" tabindex=\"0\"><table>");
        if (!isPlain)
        {
            page.Raw("<thead><tr><th scope=\"col\">").Text(grid.Step.Name).Raw("</th>");
            foreach (var column in grid.Columns) page.Raw("<th scope=\"col\"><span>").Text(column).Raw("</span></th>");
            page.Raw("</tr></thead>");
        }
        page.Raw("<tbody>\n");
        foreach (var (name, cells) in grid.Rows)
        {
            page.Raw("<tr><th scope=\"row\">").Text(isPlain ? $"{grid.Step.Name} {name}" : name).Raw("</th>");
            foreach (var cell in cells) Cell(summary, cell, page);
            page.Raw("</tr>\n");
        }
        page.Raw("</tbody></table></div>\n");
    }

    static void Cell(PipelineSummary summary, PipelineResult? result, HtmlText page)
    {
        if (result is null)
        {
            page.Raw("<td><i class=\"none\" title=\"not part of this run\"></i></td>");
            return;
        }
        var style = result.Verdict is not { } verdict ? "unfinished" : verdict.BuiltOnly ? "fail" : verdict.Outcome.Word();
        page.Raw($"<td><a class=\"{style}\" data-outcome=\"{style}\" title=\"").Text($"{result.Cell.Name}: {result.Word}. {result.Verdict?.Reason ?? result.WhyNot}").Raw("\"");
        if (Link(summary, result) is { } link) page.Raw(" href=\"").Text(link).Raw("\"");
        page.Raw("><span>").Text(result.Word).Raw("</span><small>").Text(result.Seconds > 0 ? Show.Duration(result.Seconds) : "").Raw("</small></a></td>");
    }

    static string? Link(PipelineSummary summary, PipelineResult result) => result is { Directory: { } directory, Verdict.Page: { } name }
        ? string.Join('/', Path.GetRelativePath(Path.GetFullPath(summary.Request.Output), Path.Combine(directory, name)).Split('/').Select(Uri.EscapeDataString)) : null;

    static void Bad(PipelineSummary summary, HtmlText page)
    {
        var bad = summary.Results.Where(result => result.Verdict is { } verdict && (!verdict.OpensGate || verdict.BuiltOnly)).ToList();
        if (bad.Count == 0) return;
        page.Raw("<section id=\"bad\"><h2>What is not well</h2>\n");
        foreach (var result in bad)
        {
            page.Raw($"<div class=\"finding cell {result.Verdict!.Outcome.Word()}\"><h3>").Text(result.Cell.Name).Raw("</h3>\n<p class=\"meta\"><b>").Text(result.Word).Raw("</b> ").Text(result.Verdict.Reason).Raw("</p>\n");
            if (result.Verdict.Evidence.Count > 0)
            {
                page.Raw("<details open><summary>What proves it</summary><pre>");
                foreach (var line in result.Verdict.Evidence) page.Text(line).Raw("\n");
                page.Raw("</pre></details>\n");
            }
            Command(page, "Again", summary.Request.CommandFor(result.Cell));
            page.Raw("</div>\n");
        }
        page.Raw("</section>\n");
    }

    static void Command(HtmlText page, string what, string command)
        => page.Raw($"<div class=\"command\"><span>{what}</span><code>").Text(command).Raw("</code><button type=\"button\" class=\"copy\">Copy</button></div>\n");

    static void Fact(HtmlText page, string name, string value) => page.Raw($"<div><dt>{name}</dt><dd>").Text(value).Raw("</dd></div>");
}
