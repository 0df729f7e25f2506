namespace Understudy.Verdict.Report;

/// <summary>Two columns on one line of time: what the kernel said, what the device saw. The script fills them.</summary>
static class ReportLogs
{
    public static void Render(ReportData data, HtmlText page)
    {
        page.Raw("<section id=\"logs\"><h2>").Raw(data.Trace.Count > 0 ? "Log and device, on one time line" : "Log").Raw($"</h2>\n<div class=\"columns{(data.Trace.Count > 0 ? "" : " alone")}\">\n");
        page.Raw("<div class=\"column\" id=\"log\"><div class=\"tools\"><div class=\"chips\">");
        if (data.Console.Count > 0) page.Raw("<button type=\"button\" class=\"tab\" data-log=\"console\">Console</button>");
        if (data.Kernel.Count > 0) page.Raw("<button type=\"button\" class=\"tab\" data-log=\"kernel\">Kernel log</button>");
        page.Raw("</div><input type=\"search\" placeholder=\"Filter the log\" aria-label=\"Filter the log\"><output></output></div>")
            .Raw("<div class=\"pane\" tabindex=\"0\" aria-label=\"log\"></div></div>\n");
        page.Raw("<div class=\"column\" id=\"trace\"><div class=\"tools\"><div class=\"chips\" id=\"kinds\"></div>")
            .Raw("<input type=\"search\" placeholder=\"Filter the trace\" aria-label=\"Filter the trace\"><output></output></div>")
            .Raw("<div class=\"pane\" tabindex=\"0\" aria-label=\"device trace\"></div></div>\n</div>\n");
        LeftOut(page, data.Console.LeftOut, "console lines", RunFiles.Console);
        LeftOut(page, data.Kernel.LeftOut, "kernel log records", RunFiles.Kernel);
        LeftOut(page, data.Trace.LeftOut, "device transactions", RunFiles.Trace);
        page.Raw("<noscript>The two columns need JavaScript; the same is in console.log, kernel.jsonl and trace.jsonl.</noscript></section>\n");
    }

    static void LeftOut(HtmlText page, long count, string what, string file)
    {
        if (count == 0) return;
        page.Raw("<p class=\"left-out\">").Text($"{count} {what} are left out here; all are in {file}.").Raw("</p>\n");
    }
}
