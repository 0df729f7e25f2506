namespace Understudy.Verdict.Tests;

public sealed class CoverageTests : IDisposable
{
    readonly TemporaryDirectory _temporary = new();

    public void Dispose() => _temporary.Dispose();

    static Coverage Sample(long reads, string name = "nic", params string[] met) => new([new CoveredDevice(name, "rtl8111",
        [new CoveredRegister("MAC.Status", reads, 0, [new CoveredField("Link", ["0", "1"], met)]), new CoveredRegister("MAC.Flash", 0, 0, [])],
        [new CoveredInterrupt("vector 0", reads)], [new CoveredCapability("Msi", true, false)])]);

    void Run(string name, Coverage? coverage)
    {
        using var run = RunDirectory.Create(_temporary[$"runs/{name}"], new RunInfo { Id = name, Title = name, Command = "c" });
        if (coverage is not null) run.Write(coverage);
        run.Conclude(new RunVerdict(Outcome.Pass, "", []));
    }

    [Fact]
    public void What_a_run_wrote_is_read_back()
    {
        Run("a", Sample(2, "nic", "1"));
        Assert.Equal(Sample(2, "nic", "1").ToJson(), Coverage.Of(_temporary["runs/a"])!.ToJson());
        Assert.Equal(
        [
            "nic (rtl8111): 1 of 2 registers, 1 of 2 field values, 1 of 1 interrupts, 1 of 1 capabilities",
            "  MAC.Status        2 reads        0 writes   not met: Link=0",
            "  vector 0          2 sent",
            "  Msi        read",
            "  never met: MAC.Flash",
        ], Coverage.Of(_temporary["runs/a"])!.Lines());
    }

    [Fact]
    public void Runs_are_merged_by_model()
    {
        Run("a", Sample(2, "nic", "1"));
        Run("b", Sample(3, "lan", "0"));
        Run("c", null);
        var merged = Assert.Single(RunSummary.Read(_temporary["runs"]).Coverage()!.Devices);
        Assert.Equal(("rtl8111", 5, 5), (merged.Name, merged.Registers[0].Reads, merged.Interrupts[0].Count));
        Assert.Equal(["0", "1"], merged.Registers[0].Fields[0].Met);
        Assert.Equal("rtl8111: 1 of 2 registers, 2 of 2 field values, 1 of 1 interrupts, 1 of 1 capabilities", merged.Lines().First());
    }

    [Theory]
    [InlineData("")]
    [InlineData("{\"schema\":1,\"devices\":[{\"na")]
    [InlineData("{\"schema\":1}")]
    [InlineData("{\"schema\":9,\"devices\":[]}")]
    [InlineData("null")]
    public void What_is_torn_or_newer_says_nothing(string content)
    {
        Run("a", null);
        File.WriteAllText(_temporary["runs/a/coverage.json"], content);
        Assert.Null(Coverage.Of(_temporary["runs/a"]));
        Assert.Null(RunSummary.Read(_temporary["runs"]).Coverage());
    }

    [Fact]
    public async Task Both_reports_show_it_folded_and_escaped()
    {
        Run("a", Sample(2, "<b>nic", "1"));
        Run("b", Sample(1, "<b>nic", "0"));
        var page = HtmlReport.Write(RunRecord.Load(_temporary["runs/a"]));
        Assert.DoesNotContain("<b>nic", File.ReadAllText(page).Replace("<b>&lt;b&gt;nic", "", StringComparison.Ordinal), StringComparison.Ordinal);
        MatrixReport.Write(RunSummary.Read(_temporary["runs"]), _temporary["runs/matrix.html"]);
        Assert.Contains("2 of 2 field values", File.ReadAllText(_temporary["runs/matrix.html"]), StringComparison.Ordinal);
        await using var report = await ReportPage.OpenAsync(page);
        Assert.False(await report.Page.Locator("#coverage tbody tr").First.IsVisibleAsync());
        await report.Page.Locator("#coverage summary").ClickAsync();
        Assert.Equal("MAC.Status\t2\t0\tLink=0", await report.TextAsync("#coverage tbody tr"));
        Assert.Equal(1, await report.Page.Locator("#coverage .unmet").CountAsync());
        Assert.Empty(report.Messages);
    }
}
