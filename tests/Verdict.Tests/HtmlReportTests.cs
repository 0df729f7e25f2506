using System.Text;

namespace Understudy.Verdict.Tests;

public sealed class HtmlReportTests : IDisposable
{
    readonly TemporaryDirectory _temporary = new();

    public void Dispose() => _temporary.Dispose();

    string Sample(Action<string> make)
    {
        make(_temporary["run"]);
        return HtmlReport.Write(RunRecord.Load(_temporary["run"]));
    }

    [Fact]
    public void The_sample_runs_are_judged_as_their_logs_say()
    {
        SampleRun.Pass(_temporary["pass"]);
        SampleRun.Fail(_temporary["fail"]);
        Assert.Equal(Outcome.Pass, RunRecord.Load(_temporary["pass"]).Verdict!.Outcome);
        Assert.Equal(
            "fail: BUG: unable to handle kernel NULL pointer dereference in rtl8169_interrupt (first of 2 findings)",
            RunRecord.Load(_temporary["fail"]).Verdict!.ToString());
    }

    [Fact]
    public void Nothing_the_guest_wrote_is_markup()
    {
        var html = File.ReadAllText(Sample(SampleRun.Fail));
        Assert.DoesNotContain("<script>document", html, StringComparison.Ordinal);
        Assert.DoesNotContain("<img", html, StringComparison.Ordinal);
        Assert.Equal(2, html.Split("</script>").Length - 1);
        Assert.DoesNotContain("http-equiv=\"refresh", html, StringComparison.Ordinal);
        Assert.DoesNotMatch("(src|href)=\"(http|//)", html);
    }

    [Fact]
    public void Hostile_names_are_text_everywhere()
    {
        const string bad = "\"><script>x</script>&'";
        var info = new RunInfo
        {
            Id = bad, Title = bad, Command = bad, Board = bad, Kernel = new(bad, bad, bad, bad), Qemu = new(bad, bad),
            Accelerator = new(bad, bad), Devices = [new(bad, bad, bad)],
        };
        using (var run = RunDirectory.Create(_temporary["run"], info))
        {
            run.BeginStep(bad, bad).End(Outcome.Fail, bad, [bad]);
            run.Append(new Finding(0, FindingSource.Device, bad, bad, Severity.Error, [bad], bad) { Frame = bad });
            run.Append(new TraceRecord(0, 0, bad, TraceKind.Note, bad));
            run.AppendConsole(Encoding.UTF8.GetBytes(bad), 0);
            run.CreateAttachment("\"onclick=x .pcap").Dispose();
            run.Conclude(new RunVerdict(Outcome.Fail, bad, [bad]));
        }
        var html = HtmlReport.Render(RunRecord.Load(_temporary["run"]));
        Assert.DoesNotContain("<script>x", html, StringComparison.Ordinal);
        Assert.DoesNotContain("\"onclick", html, StringComparison.Ordinal);
        Assert.Equal(2, html.Split("</script>").Length - 1);
    }

    [Fact]
    public void A_run_cut_short_has_a_page_too()
    {
        using (var run = RunDirectory.Create(_temporary["run"], new RunInfo { Id = "r", Title = "t", Command = "c" })) run.BeginStep("boot");
        var html = HtmlReport.Render(RunRecord.Load(_temporary["run"]));
        Assert.Contains("unfinished</span>", html, StringComparison.Ordinal);
        Assert.Contains("did not end", html, StringComparison.Ordinal);
    }

    [Fact]
    public void A_flood_is_shortened_and_says_so()
    {
        using (var run = RunDirectory.Create(_temporary["run"], new RunInfo { Id = "r", Title = "t", Command = "c" }))
        {
            for (var i = 0; i < 30_000; i++) run.AppendConsole(Encoding.ASCII.GetBytes($"line {i} {new string('x', 700)}\n"), 1);
        }

        var html = HtmlReport.Render(RunRecord.Load(_temporary["run"]));
        Assert.Contains("10000 console lines are left out here; all are in console.log.", html, StringComparison.Ordinal);
        Assert.Contains("line 4999 ", html, StringComparison.Ordinal);
        Assert.DoesNotContain("line 5000 ", html, StringComparison.Ordinal);
        Assert.Contains("line 29999 ", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_page_opens_without_error_or_request_and_shows_the_verdict()
    {
        var path = Sample(SampleRun.Pass);
        await using var report = await ReportPage.OpenAsync(path);
        Assert.Equal("pass", await report.TextAsync("#verdict"));
        Assert.Equal("319", await report.TextAsync("#trace output"));
        await report.Page.ReloadAsync();
        Assert.Empty(report.Messages);
        Assert.All(report.Requests, r => Assert.True(r == "file://" + path || r.StartsWith("data:", StringComparison.Ordinal), r));
    }

    [Fact]
    public async Task What_the_guest_wrote_stays_inert()
    {
        await using var report = await ReportPage.OpenAsync(Sample(SampleRun.Fail));
        await report.Page.Locator("button[data-finding='0']").ClickAsync();
        await report.Page.Locator("#log .pane").HoverAsync();
        await report.Page.Locator("#log input").FillAsync("<script>");
        Assert.Contains("<script>document.body.dataset.owned = 1", await report.TextAsync("#log .row"), StringComparison.Ordinal);
        Assert.Null(await report.Page.EvaluateAsync<string?>("document.body.dataset.owned"));
        Assert.Empty(report.Messages);
        Assert.DoesNotContain(report.Requests, r => r.StartsWith("http", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Filters_narrow_by_words_and_by_kind()
    {
        await using var report = await ReportPage.OpenAsync(Sample(SampleRun.Pass));
        await report.Page.Locator("#trace input").FillAsync("PhyAccess");
        Assert.Equal("48 of 319", await report.TextAsync("#trace output"));
        await report.Page.Locator("#kinds .k-read").ClickAsync();
        Assert.Equal("24 of 319", await report.TextAsync("#trace output"));
        Assert.All(await report.Page.Locator("#trace .row .k").AllInnerTextsAsync(), kind => Assert.Equal("write", kind));
        await report.Page.Locator("#trace input").FillAsync("no such register");
        Assert.Equal("0 of 319", await report.TextAsync("#trace output"));
        Assert.Empty(report.Messages);
    }

    [Fact]
    public async Task Pointing_at_a_line_shows_what_the_device_did_then()
    {
        await using var report = await ReportPage.OpenAsync(Sample(SampleRun.Pass));
        var line = report.Page.Locator("#log .row", new() { HasText = "Link is Up" }).First;
        await line.ScrollIntoViewIfNeededAsync();
        await line.HoverAsync();
        var pointed = double.Parse(await line.Locator(".t").InnerTextAsync(), System.Globalization.CultureInfo.InvariantCulture);
        Assert.Contains("PhyStatus {Full Link Speed1000}", await report.TextAsync("#trace .row.near"), StringComparison.Ordinal);
        Assert.InRange(pointed - (await report.TimesAsync("trace", ".near")).Single(), 0, 0.01);
    }

    [Fact]
    public async Task Scrolling_one_column_moves_the_other()
    {
        await using var report = await ReportPage.OpenAsync(Sample(SampleRun.Fail), height: 700);
        await report.Page.Locator("#trace .pane").ScrollIntoViewIfNeededAsync();
        await report.Page.Locator("#trace .pane").HoverAsync();
        Assert.Equal(0, await report.ScrollTopAsync("log"));
        await report.Page.Mouse.WheelAsync(0, 20_000);
        var first = report.Page.Locator("#log .row", new() { HasText = "SeaBIOS" });
        await first.WaitForAsync(new() { State = Microsoft.Playwright.WaitForSelectorState.Detached });
        Assert.True(await report.ScrollTopAsync("log") > 0);
        Assert.Empty(report.Messages);
    }

    [Fact]
    public async Task A_finding_leads_to_its_lines_and_they_lead_back()
    {
        await using var report = await ReportPage.OpenAsync(Sample(SampleRun.Fail));
        await report.Page.Locator("button[data-finding='0']").ClickAsync();
        var first = report.Page.Locator("#log .row.fatal").First;
        Assert.Contains("BUG: kernel NULL pointer dereference", await first.InnerTextAsync(), StringComparison.Ordinal);
        const string inView = """
            e => {
              const row = e.getBoundingClientRect(), pane = e.closest('.pane').getBoundingClientRect();
              return row.top >= pane.top && row.bottom <= pane.bottom;
            }
            """;
        Assert.True(await first.EvaluateAsync<bool>(inView));
        await first.ClickAsync();
        Assert.EndsWith("#finding-1", report.Page.Url, StringComparison.Ordinal);
    }

    [Fact]
    public async Task On_a_phone_nothing_sticks_out()
    {
        await using var report = await ReportPage.OpenAsync(Sample(SampleRun.Fail), width: 360, height: 740);
        const string outside = """
            [...document.querySelectorAll('body *')]
              .filter(e => !e.closest('.pane, pre, code') && e.getBoundingClientRect().right > innerWidth)
              .map(e => e.outerHTML.slice(0, 80))
            """;
        Assert.Empty(await report.Page.EvaluateAsync<string[]>(outside));
    }
}
