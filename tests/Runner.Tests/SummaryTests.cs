using Understudy.Runner.Suites;
using Understudy.Verdict;

namespace Understudy.Runner.Tests;

public sealed class SummaryTests : IDisposable
{
    readonly SuiteFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    static CellResult Result(string name, Outcome outcome, string reason = "")
        => new(new TestCell(new DirectoryTest("s", name, "/s", $"/s/{name}", new TestSettings()), "debian:6.1", 1), new RunVerdict(outcome, reason, []), 1, $"/out/{name}");

    SuiteSummary Summary(params IReadOnlyList<CellResult> results)
        => new(new SuiteRequest([], _folder["run-1"], "understudy run s"), DateTimeOffset.UnixEpoch, 2, results, 0, Interrupted: false);

    [Theory]
    [InlineData(0, Outcome.Pass, Outcome.Skip, Outcome.XFail)]
    [InlineData(1, Outcome.Pass, Outcome.Fail, Outcome.Broken)]
    [InlineData(1, Outcome.XPass, Outcome.Error)]
    [InlineData(3, Outcome.Pass, Outcome.Broken)]
    [InlineData(4, Outcome.Pass, Outcome.Error)]
    public void The_exit_code_is_that_of_the_worst(int code, params Outcome[] outcomes)
    {
        Assert.Equal(code, Summary([.. outcomes.Select(outcome => Result("t", outcome))]).ExitCode);
        Assert.Equal(3, (Summary([.. outcomes.Select(outcome => Result("t", outcome))]) with { Interrupted = true }).ExitCode);
    }

    [Fact]
    public void What_failed_last_is_read_from_the_newest_summary()
    {
        Assert.Null(SummaryFiles.LastFailed(_folder.Path));
        Directory.CreateDirectory(_folder["run-1"]);
        SummaryFiles.Write(Summary(Result("a", Outcome.Pass), Result("b", Outcome.Fail), Result("c", Outcome.XPass), Result("d", Outcome.Skip)));
        Assert.Equal([("/s/b", "debian:6.1"), ("/s/c", "debian:6.1")], SummaryFiles.LastFailed(_folder.Path)!.Order());
        _folder.With("run-2/summary.json", "{ torn");
        File.SetLastWriteTimeUtc(_folder["run-2/summary.json"], DateTime.UtcNow.AddMinutes(1));
        Assert.Throws<InvalidDataException>(() => SummaryFiles.LastFailed(_folder.Path));
    }

    [Fact]
    public void All_cells_are_one_KTAP_whatever_is_in_their_reasons()
        => Assert.Equal("KTAP version 1\n1..3\nok 1 s/a@debian:6.1\nnot ok 2 s/b.1@debian:6.1 # FAIL no carrier ok 9\nok 3 s/c@debian:6.1 # SKIP no card\n",
            SummaryFiles.Ktap([Result("a", Outcome.Pass), Result("b#1", Outcome.Fail, "no carrier\nok 9"), Result("c", Outcome.Skip, "no card")]));
}
