namespace Understudy.Verdict.Tests;

public sealed class RunSummaryTests : IDisposable
{
    readonly TemporaryDirectory _temporary = new();

    public void Dispose() => _temporary.Dispose();

    void Run(string folder, string test, string cell, Outcome? outcome, int repeat = 0) => SampleMatrix.Run(_temporary[folder], test, cell, outcome, repeat);

    [Fact]
    public void Runs_are_counted_by_outcome_wherever_they_lie()
    {
        Run("m/a", "nic/probe", "debian:6.12", Outcome.Pass);
        Run("m/deep/er/b", "nic/probe", "debian:6.1", Outcome.XFail);
        Run("m/deep/c", "nic/link", "debian:6.1", null);
        var summary = RunSummary.Read(_temporary["m"]);
        Assert.Equal((1, 1, 1), (summary.Count(Outcome.Pass), summary.Count(Outcome.XFail), summary.Unfinished));
        Assert.Equal(["nic/link", "nic/probe"], summary.Tests);
        Assert.Equal(["debian:6.1", "debian:6.12"], summary.Columns);
        Assert.Equal(["deep/c", "deep/er/b", "a"], summary.Runs.Select(r => r.Folder));
        Assert.Equal(Outcome.Broken, summary.Outcome);
    }

    [Fact]
    public void A_cell_is_the_worst_of_its_repeats_and_says_that_it_is_flaky()
    {
        for (var i = 1; i <= 4; i++) Run($"m/{i}", "nic/link", "debian:6.12", i == 3 ? Outcome.Fail : Outcome.Pass, i);
        var cell = Assert.Single(RunSummary.Read(_temporary["m"]).Cells);
        Assert.Equal((Outcome.Fail, true, 3), (cell.Outcome, cell.IsFlaky, cell.Telling.Repeat));
    }

    [Fact]
    public void What_cannot_be_read_is_told_and_not_counted()
    {
        Run("m/a", "nic/probe", "debian:6.12", Outcome.Pass);
        Directory.CreateDirectory(_temporary["m/b"]);
        File.WriteAllText(_temporary["m/b/run.json"], "{ torn");
        Directory.CreateSymbolicLink(_temporary["m/loop"], _temporary["m"]);
        var summary = RunSummary.Read(_temporary["m"]);
        Assert.Single(summary.Runs);
        Assert.Contains("run.json cannot be read", Assert.Single(summary.Problems), StringComparison.Ordinal);
        Assert.Equal(Outcome.Pass, summary.Outcome);
    }

    [Fact]
    public void No_runs_are_no_pass()
    {
        Directory.CreateDirectory(_temporary["empty"]);
        Assert.Equal(Outcome.Broken, RunSummary.Read(_temporary["empty"]).Outcome);
        Assert.Throws<DirectoryNotFoundException>(() => RunSummary.Read(_temporary["nowhere"]));
    }

    [Fact]
    public void One_run_directory_is_a_summary_of_one()
    {
        SampleRun.Fail(_temporary["run"]);
        var run = Assert.Single(RunSummary.Read(_temporary["run"]).Runs);
        Assert.Equal((".", "debian:6.12", Outcome.Fail), (run.Folder, run.Cell, run.Outcome));
        Assert.StartsWith("RTL8111 link change", run.Test, StringComparison.Ordinal);
    }
}
