using System.Globalization;

namespace Understudy.Verdict.Report;

/// <summary>What of each device the driver met, register by register; folded away, as it is long.</summary>
static class ReportCoverage
{
    public static void Render(Coverage? coverage, HtmlText page)
    {
        if (coverage is null) return;
        page.Raw("<section id=\"coverage\"><h2>Device coverage</h2>\n");
        foreach (var device in coverage.Devices) Device(device, page);
        page.Raw("</section>\n");
    }

    public static void Render(LineCoverage? lines, HtmlText page)
    {
        if (lines is null) return;
        page.Raw("<section id=\"lines\"><h2>Driver coverage</h2>\n");
        LinePage.Table(lines, page, index => string.Create(CultureInfo.InvariantCulture, $"{LineCoverage.PageName}#source{index}"));
        page.Raw("</section>\n");
    }

    static void Device(CoveredDevice device, HtmlText page)
    {
        page.Raw("<details><summary><b>").Text(device.Name).Raw("</b> ").Text(device.Summary).Raw("</summary>\n")
            .Raw("<table><thead><tr><th>Register</th><th class=\"number\">Reads</th><th class=\"number\">Writes</th><th>Values not met</th></tr></thead><tbody>\n");
        foreach (var register in device.Registers) Row(register, page);
        foreach (var interrupt in device.Interrupts) Row(interrupt.Name, interrupt.Count > 0 ? $"sent {Number(interrupt.Count)} times" : "never sent", interrupt.Count > 0, page);
        foreach (var capability in device.Capabilities) Row(capability.Name, capability.Word, capability.Read || capability.Written, page);
        page.Raw("</tbody></table></details>\n");
    }

    static void Row(CoveredRegister register, HtmlText page)
        => page.Raw(register.IsMet ? "<tr>" : "<tr class=\"unmet\">").Raw("<td>").Text(register.Name).Raw("</td><td class=\"number\">").Text(Number(register.Reads))
            .Raw("</td><td class=\"number\">").Text(Number(register.Writes)).Raw("</td><td>").Text(register.IsMet ? register.NotMet.Replace("not met: ", "", StringComparison.Ordinal) : "all").Raw("</td></tr>\n");

    static void Row(string name, string word, bool met, HtmlText page)
        => page.Raw(met ? "<tr>" : "<tr class=\"unmet\">").Raw("<td>").Text(name).Raw("</td><td></td><td></td><td>").Text(word).Raw("</td></tr>\n");

    static string Number(long count) => count.ToString(CultureInfo.InvariantCulture);
}
