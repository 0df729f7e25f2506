namespace Understudy.Verdict.Tests;

public sealed class MatrixReportTests : IDisposable
{
    readonly TemporaryDirectory _temporary = new();

    public void Dispose() => _temporary.Dispose();

    string Sample()
    {
        SampleMatrix.Write(_temporary["m"]);
        var path = _temporary["m/matrix.html"];
        MatrixReport.Write(RunSummary.Read(_temporary["m"]), path);
        return path;
    }

    [Fact]
    public void Every_cell_links_to_its_runs_own_page()
    {
        Directory.CreateDirectory(_temporary["elsewhere"]);
        SampleMatrix.Run(_temporary["m/a b#1"], "nic/link", "debian:6.12", Outcome.Pass);
        var summary = RunSummary.Read(_temporary["m"]);
        Assert.Contains("href=\"a%20b%231/report.html\"", MatrixReport.Render(summary, _temporary["m"]), StringComparison.Ordinal);
        Assert.Contains("href=\"../m/a%20b%231/report.html\"", MatrixReport.Render(summary, _temporary["elsewhere"]), StringComparison.Ordinal);
    }

    [Fact]
    public void Hostile_words_are_text_everywhere()
    {
        const string bad = "\"><script>x</script>&'";
        using (var run = RunDirectory.Create(_temporary["m/h"], new RunInfo { Id = bad, Title = bad, Command = bad, Test = bad, Cell = bad, Board = bad }))
            run.Conclude(new RunVerdict(Outcome.Fail, bad, [bad]));
        var html = MatrixReport.Render(RunSummary.Read(_temporary["m"]), _temporary["m"]);
        Assert.DoesNotContain("<script>x", html, StringComparison.Ordinal);
        Assert.Single(html.Split("</script>").Skip(1));
    }

    [Fact]
    public void No_runs_make_a_page_too()
    {
        Directory.CreateDirectory(_temporary["m"]);
        Assert.Contains("broken</span>", MatrixReport.Render(RunSummary.Read(_temporary["m"]), _temporary["m"]), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_page_opens_without_error_or_request_and_colours_each_cell()
    {
        var path = Sample();
        await using var report = await ReportPage.OpenAsync(path);
        Assert.Equal("fail", await report.TextAsync("#verdict"));
        Assert.Equal(SampleMatrix.Tests * SampleMatrix.Kernels, await report.Page.Locator("#matrix td").CountAsync());
        const string colours = "[...new Set([...document.querySelectorAll('#matrix td a')].map(a => a.className + getComputedStyle(a).backgroundColor))].length";
        Assert.Equal(8, await report.Page.EvaluateAsync<int>(colours));
        await report.Page.ReloadAsync();
        Assert.Empty(report.Messages);
        Assert.All(report.Requests, r => Assert.True(r == "file://" + path || r.StartsWith("data:", StringComparison.Ordinal), r));
    }

    [Fact]
    public async Task Pointing_at_a_cell_tells_its_reason_and_time()
    {
        await using var report = await ReportPage.OpenAsync(Sample());
        await report.Page.Locator("#matrix td a.fail").First.HoverAsync();
        Assert.Matches(@"nic/[\w-]+ on debian:[\d.]+: fail .*after 1\.75 s\. step 'run': 3 of 100 pings are lost", await report.TextAsync("#told"));
    }

    [Fact]
    public async Task What_went_wrong_stands_worst_first_with_evidence_and_command()
    {
        await using var report = await ReportPage.OpenAsync(Sample());
        var words = await report.Page.Locator("#failures .meta > b:first-child").AllInnerTextsAsync();
        string[] order = ["fail", "xpass", "error", "broken", "unfinished"];
        Assert.Equal(words.OrderBy(w => Array.IndexOf(order, w)), words);
        Assert.Equal(order, words.Distinct());
        Assert.Contains("ping: 3 of 100 answers are missing", await report.TextAsync("#failures pre"), StringComparison.Ordinal);
        Assert.StartsWith("understudy run nic/", await report.TextAsync("#failures .command code"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_chip_leaves_only_the_tests_that_ended_so()
    {
        await using var report = await ReportPage.OpenAsync(Sample());
        await report.Page.Locator("#legend .xfail").ClickAsync();
        Assert.Equal(["nic/wol"], await report.Page.Locator("#matrix tbody tr:visible th").AllInnerTextsAsync());
        await report.Page.Locator("#legend .xfail").ClickAsync();
        Assert.Equal(SampleMatrix.Tests, await report.Page.Locator("#matrix tbody tr:visible").CountAsync());
    }

    [Fact]
    public async Task On_a_phone_nothing_sticks_out()
    {
        await using var report = await ReportPage.OpenAsync(Sample(), width: 360, height: 740);
        const string outside = """
            [...document.querySelectorAll('body *')]
              .filter(e => !e.closest('.grid, pre, code') && e.getBoundingClientRect().right > innerWidth)
              .map(e => e.outerHTML.slice(0, 80))
            """;
        Assert.Empty(await report.Page.EvaluateAsync<string[]>(outside));
    }
}
