using System.Globalization;

namespace Understudy.Verdict.Report;

/// <summary>The page of a driver's sources, each line with how often it ran.</summary>
static class LinePage
{
    const long LongestSource = 8L << 20;

    public static string Render(LineCoverage coverage) => HtmlPage.Render("driver coverage", ["report.css", "lines.css"], "lines.js", page =>
    {
        page.Raw("<header>\n<p class=\"brand\">understudy</p>\n<h1>").Text(Share(coverage.Hit, coverage.Lines)).Raw("</h1>\n<p class=\"reason\"><kbd>n</kbd> and <kbd>p</kbd> go to the next and the previous lines that never ran.</p>\n</header>\n");
        Table(coverage, page, link: index => string.Create(CultureInfo.InvariantCulture, $"#source{index}"));
        for (var index = 0; index < coverage.Sources.Count; index++) Source(coverage.Sources[index], index, page);
    });

    /// <summary>A row for each file.</summary>
    public static void Table(LineCoverage coverage, HtmlText page, Func<int, string> link)
    {
        page.Raw("<table class=\"files\"><thead><tr><th>File</th><th class=\"number\">Lines that ran</th><th class=\"number\">of</th><th class=\"number\">Functions that ran</th><th class=\"number\">of</th><th>Share</th></tr></thead><tbody>\n");
        for (var index = 0; index < coverage.Sources.Count; index++)
        {
            var source = coverage.Sources[index];
            var percent = source.Percent.ToString("F1", CultureInfo.InvariantCulture);
            page.Raw("<tr><td><a href=\"").Text(link(index)).Raw("\">").Text(Path.GetFileName(source.Path)).Raw("</a></td>");
            foreach (var number in (int[])[source.Hit, source.Lines.Count, source.Functions.Values.Count(function => function.Count > 0), source.Functions.Count])
                page.Raw($"<td class=\"number\">{number.ToString(CultureInfo.InvariantCulture)}</td>");
            page.Raw($"<td><meter min=\"0\" max=\"100\" value=\"{percent}\"></meter> {percent} %</td></tr>\n");
        }
        page.Raw("</tbody></table>\n");
    }

    static void Source(CoveredSource source, int index, HtmlText page)
    {
        page.Raw($"<section id=\"source{index.ToString(CultureInfo.InvariantCulture)}\"><h2>").Text(source.Path).Raw("</h2>\n<p>").Text(Share(source.Hit, source.Lines.Count)).Raw("</p>\n");
        var text = Text(source.Path);
        if (text is null) page.Raw("<p class=\"problem\">The source is not here any more.</p>\n");
        page.Raw("<pre class=\"source\">");
        if (text is not null)
            for (var line = 0; line < text.Length; line++) Line(source, line + 1, text[line], page);
        page.Raw("</pre></section>\n");
    }

    static void Line(CoveredSource source, int number, string text, HtmlText page)
    {
        var (kind, count) = source.Lines.TryGetValue(number, out var times) ? (times > 0 ? "ran" : "never", times.ToString(CultureInfo.InvariantCulture)) : ("", "");
        page.Raw($"<i class=\"{kind}\"><u>{number.ToString(CultureInfo.InvariantCulture)}</u><b>{count}</b>").Text(text).Raw("</i>");
    }

    static string[]? Text(string path)
    {
        try
        {
            return new FileInfo(path) is { Exists: true, Length: <= LongestSource } ? File.ReadAllLines(path) : null;
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    static string Share(int hit, int lines) => string.Create(CultureInfo.InvariantCulture, $"{hit} of {lines} lines ran ({(lines == 0 ? 100 : 100.0 * hit / lines):F1} %)");
}
