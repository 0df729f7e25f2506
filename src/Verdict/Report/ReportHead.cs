using System.Globalization;

namespace Understudy.Verdict.Report;

/// <summary>The top of the page: what came of it, what ran, how to run it again; and its foot.</summary>
static class ReportHead
{
    public static string Word(RunRecord run) => run.Verdict?.Outcome.Word() ?? "unfinished";

    public static void Render(RunRecord run, HtmlText page)
    {
        page.Raw($"<header class=\"{Word(run)}\">\n<p class=\"brand\">understudy</p>\n")
            .Raw("<h1><span class=\"verdict\" id=\"verdict\">").Text(Word(run)).Raw("</span> ").Text(run.Info.Title).Raw("</h1>\n");
        if (run.Verdict is { Outcome: not Outcome.Pass } verdict) page.Raw("<p class=\"reason\">").Text(verdict.Reason).Raw("</p>\n");
        foreach (var problem in run.Problems) page.Raw("<p class=\"problem\">").Text(problem).Raw("</p>\n");
        Facts(run, page);
        page.Raw("<div class=\"command\"><span>Reproduce</span><code id=\"command\">").Text(run.Info.Command)
            .Raw("</code><button type=\"button\" id=\"copy\">Copy</button></div>\n</header>\n");
    }

    static void Facts(RunRecord run, HtmlText page)
    {
        var info = run.Info;
        page.Raw("<dl class=\"facts\">");
        Fact(page, "Kernel", info.Kernel?.Release, info.Kernel is { } k ? Join(k.Name, k.PackageVersion) : null);
        Fact(page, "Device", List(info.Devices.Select(d => d.Model)), List(info.Devices.Select(d => Join(d.Name, d.Address))));
        Fact(page, "Board", info.Board, info.Qemu is { } q ? $"QEMU {q.Version}, {q.Origin}" : null);
        Fact(page, "Accelerator", info.Accelerator?.Name, info.Accelerator?.Reason);
        Fact(page, "Time", info.Time, null);
        Fact(page, "Seed", info.Seed.ToString(CultureInfo.InvariantCulture), null);
        var started = info.StartedUtc.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);
        Fact(page, "Started", started, run.EndedSeconds is { } end ? "took " + Show.Duration(end) : null);
        Fact(page, "Host", info.Host?.OperatingSystem, info.Host is { } h ? $"{h.Processor}, {h.Cores} cores" : null);
        page.Raw("</dl>\n");
    }

    static void Fact(HtmlText page, string name, string? value, string? detail)
    {
        if (string.IsNullOrEmpty(value)) return;
        page.Raw($"<div><dt>{name}</dt><dd>").Text(value);
        if (!string.IsNullOrEmpty(detail)) page.Raw("<small>").Text(detail).Raw("</small>");
        page.Raw("</dd></div>");
    }

    static string List(IEnumerable<string> items) => string.Join(", ", items);

    static string Join(string name, string? detail) => string.IsNullOrEmpty(detail) ? name : $"{name} · {detail}";

    public static void RenderFoot(RunRecord run, HtmlText page)
    {
        page.Raw("<footer><p>Run <code>").Text(run.Info.Id).Raw("</code>");
        if (run.Attachments is { Count: > 0 } attachments)
        {
            page.Raw(" · beside this page: ");
            foreach (var name in attachments)
                page.Raw("<a href=\"./").Text(Uri.EscapeDataString(name)).Raw("\">").Text(name).Raw("</a> ");
        }
        page.Raw("</p></footer>\n");
    }
}
