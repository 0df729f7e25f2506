namespace Understudy.Verdict.Report;

/// <summary>The way from a page to the pages of the runs.</summary>
sealed class MatrixLinks(string folder, string from)
{
    /// <summary>Relative, so that the folder may move as a whole.</summary>
    public string To(SummaryRun run)
    {
        var relative = Path.GetRelativePath(from, Path.Combine(folder, run.Folder, RunFiles.Report));
        return string.Join('/', relative.Split(Path.DirectorySeparatorChar).Select(part => part == ".." ? part : Uri.EscapeDataString(part)));
    }
}
