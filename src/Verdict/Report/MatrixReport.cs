using Understudy.Verdict.Report;

namespace Understudy.Verdict;

/// <summary>Makes the page over many runs: tests by kernels as a picture, what went wrong first, and the way to each run's own page.</summary>
public static class MatrixReport
{
    /// <summary>Writes the page in one rename.</summary>
    /// <param name="summary">The runs.</param>
    /// <param name="path">Where the page goes; links are relative to its directory. By custom <c>matrix.html</c> in the summary's folder.</param>
    /// <exception cref="RunDirectoryFullException">No room for it.</exception>
    public static void Write(RunSummary summary, string path)
    {
        var full = Path.GetFullPath(path);
        HtmlPage.Write(full, Render(summary, Path.GetDirectoryName(full)!));
    }

    /// <summary>The page as text.</summary>
    /// <param name="summary">The runs.</param>
    /// <param name="directory">Where the page will lie.</param>
    public static string Render(RunSummary summary, string directory)
    {
        var links = new MatrixLinks(summary.Path, directory);
        return HtmlPage.Render($"{summary.Outcome.Word()}: {MatrixHead.Title(summary)}", ["report.css", "matrix.css"], "matrix.js", page =>
        {
            MatrixHead.Render(summary, page);
            MatrixGrid.Render(summary, links, page);
            MatrixFailures.Render(summary, links, page);
            MatrixFailures.RenderRest(summary, links, page);
            ReportCoverage.Render(LineCoverage.In(summary.Path), page);
            ReportCoverage.Render(summary.Coverage(), page);
        });
    }
}
