using System.Security.Cryptography;
using System.Text;
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
        var draft = Path.Combine(run.Path, $".{RunFiles.Report}.new");
        try
        {
            File.WriteAllText(draft, Render(run));
            File.Move(draft, path, overwrite: true);
        }
        catch (IOException error) when (RunDirectoryFullException.Describes(error))
        {
            File.Delete(draft);
            throw new RunDirectoryFullException(path, error);
        }
        return path;
    }

    /// <summary>The page as text.</summary>
    public static string Render(RunRecord run)
    {
        var data = ReportData.Read(run);
        var script = Resource("report.js");
        var page = new HtmlText();
        page.Raw("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n")
            .Raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n")
            .Raw($"<meta http-equiv=\"Content-Security-Policy\" content=\"{Policy(script)}\">\n")
            .Raw("<link rel=\"icon\" href=\"data:,\">\n<title>").Text($"{ReportHead.Word(run)}: {run.Info.Title}").Raw("</title>\n")
            .Raw("<style>\n").Raw(Resource("report.css")).Raw("</style>\n</head>\n<body>\n");
        ReportHead.Render(run, page);
        ReportFindings.Render(run, page);
        ReportSteps.Render(run, page);
        ReportLogs.Render(data, page);
        ReportHead.RenderFoot(run, page);
        page.Raw("<script type=\"application/json\" id=\"data\">").Raw(data.ToJson()).Raw("</script>\n")
            .Raw("<script>").Raw(script).Raw("</script>\n</body>\n</html>\n");
        return page.ToString();
    }

    // Only our own script runs, and nothing can be loaded or sent: even if escaping failed somewhere.
    static string Policy(string script) =>
        "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
        + $"script-src 'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(script)))}'";

    static string Resource(string name)
    {
        using var reader = new StreamReader(typeof(HtmlReport).Assembly.GetManifestResourceStream(name)!);
        return reader.ReadToEnd();
    }
}
