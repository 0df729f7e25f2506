using System.Security.Cryptography;
using System.Text;

namespace Understudy.Verdict.Report;

/// <summary>What every page has around its content: one file, no requests, and only our own script may run.</summary>
static class HtmlPage
{
    public static string Render(string title, string[] styles, string script, Action<HtmlText> content)
    {
        var code = Resource(script);
        var page = new HtmlText();
        page.Raw("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n")
            .Raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n")
            .Raw($"<meta http-equiv=\"Content-Security-Policy\" content=\"{Policy(code)}\">\n")
            .Raw("<link rel=\"icon\" href=\"data:,\">\n<title>").Text(title).Raw("</title>\n<style>\n");
        foreach (var style in styles) page.Raw(Resource(style));
        page.Raw("</style>\n</head>\n<body>\n");
        content(page);
        return page.Raw("<script>").Raw(code).Raw("</script>\n</body>\n</html>\n").ToString();
    }

    /// <summary>Writes a page in one rename.</summary>
    public static void Write(string path, string html)
    {
        var draft = Path.Combine(Path.GetDirectoryName(path)!, $".{Path.GetFileName(path)}.new");
        try
        {
            File.WriteAllText(draft, html);
            File.Move(draft, path, overwrite: true);
        }
        catch (IOException error) when (RunDirectoryFullException.Describes(error))
        {
            File.Delete(draft);
            throw new RunDirectoryFullException(path, error);
        }
    }

    // Nothing can be loaded or sent: even if escaping failed somewhere.
    static string Policy(string script) =>
        "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
        + $"script-src 'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(script)))}'";

    static string Resource(string name)
    {
        using var reader = new StreamReader(typeof(HtmlPage).Assembly.GetManifestResourceStream(name)!);
        return reader.ReadToEnd();
    }
}
