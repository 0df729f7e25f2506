using Understudy.Verdict.Report;

namespace Understudy.Verdict;

/// <summary>Makes the page to look at: one file, no requests, nothing the guest wrote can act in it.</summary>
public static class HtmlReport
{
    /// <summary>Writes <c>report.html</c> into the run's directory.</summary>
    /// <returns>The path of the page.</returns>
    /// <exception cref="RunDirectoryFullException">No room for it.</exception>
    public static string Write(RunRecord run)
    {
        var path = Path.Combine(run.Path, RunFiles.Report);
        HtmlPage.Write(path, Render(run));
        return path;
    }

    /// <summary>The page as text.</summary>
    public static string Render(RunRecord run)
    {
        var data = ReportData.Read(run);
        return HtmlPage.Render($"{ReportHead.Word(run)}: {run.Info.Title}", ["report.css"], "report.js", page =>
        {
            ReportHead.Render(run, page);
            ReportFindings.Render(run, page);
            ReportSteps.Render(run, page);
            ReportLogs.Render(data, page);
            ReportCoverage.Render(LineCoverage.In(run.Path), page);
            ReportCoverage.Render(Coverage.Of(run.Path), page);
            ReportHead.RenderFoot(run, page);
            page.Raw("<script type=\"application/json\" id=\"data\">").Raw(data.ToJson()).Raw("</script>\n");
        });
    }
}
