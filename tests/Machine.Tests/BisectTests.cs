using System.Diagnostics;
using Understudy.Build;
using Understudy.Runner;
using Understudy.Runner.Bisection;
using Understudy.Runner.Suites;
using Understudy.Runner.Tests;
using Understudy.Verdict;

namespace Understudy.Machine.Tests;

/// <summary>A driver's history in which we planted a regression, a commit that does not build, and much that changes nothing.</summary>
public sealed class BisectTests : IDisposable
{
    const string Kernel = "debian:6.12";
    // The one that does not build is in the middle, which is where the walk begins.
    const int Commits = 13, Broken = 5, Unbuildable = 7;

    readonly SuiteFolder _folder = new();

    public BisectTests()
    {
        _folder.WithTest("suite/answers", "modules: ../../driver\n").With("suite/answers/run", "#!/bin/sh\n[ \"$(cat /sys/module/answer/parameters/answer)\" = 42 ]\n");
        Git("init", "--quiet");
        for (var number = 1; number <= Commits; number++)
        {
            _folder.With("driver/Kbuild", "obj-m := answer.o\n");
            _folder.With("driver/answer.c", $"/* {number} */\n{(number == Unbuildable ? "this is no C" : Answer(number >= Broken ? 41 : 42))}");
            Git("add", "driver");
            Git("commit", "--quiet", "-m", $"change {number}");
            Git("tag", $"v{number}");
        }
    }

    static string Answer(int answer) => $"#include <linux/module.h>\nstatic int answer = {answer};\nmodule_param(answer, int, 0444);\nMODULE_LICENSE(\"GPL\");\nMODULE_DESCRIPTION(\"x\");\n";

    public void Dispose() => _folder.Dispose();

    void Git(params string[] arguments)
    {
        var start = new ProcessStartInfo("git", ["-C", _folder.Path, "-c", "user.name=Somebody", "-c", "user.email=somebody@example.org", "-c", "commit.gpgsign=false", .. arguments]);
        start.Environment["GIT_CONFIG_GLOBAL"] = "/dev/null";
        using var git = Process.Start(start)!;
        git.WaitForExit();
        Assert.Equal(0, git.ExitCode);
    }

    async Task<BisectResult> BisectAsync(string good, string bad)
    {
        await Bench.LabAsync(Kernel);
        var repository = await GitRepository.OfAsync(Bench.Toolbox.Cache, _folder["driver"]);
        var request = new BisectRequest(repository, good, bad, SuiteReader.Read(_folder["suite/answers"]).Single(), _folder["runs"]) { Kernel = Kernel };
        return await new Bisector(Bench.Toolbox, request, _ => { }, new SilentSuite()).PlayAsync();
    }

    [Fact]
    public async Task The_planted_regression_is_found_and_confirmed_three_times_over_a_commit_that_does_not_build()
    {
        var result = await BisectAsync("v1", "HEAD");
        Assert.EndsWith($"Somebody: change {Broken}", result.Description, StringComparison.Ordinal);
        Assert.Equal((3, 3), (result.Confirmed, result.Runs));
        Assert.Contains(result.Tried, verdict => verdict.Word == "skip" && verdict.Outcome == Outcome.Error && verdict.Description.EndsWith($"change {Unbuildable}", StringComparison.Ordinal));
        Assert.Equal(3, result.Tried.Count(verdict => verdict.Left == 1));
    }

    [Fact]
    public async Task A_first_bad_commit_behind_one_that_does_not_build_is_one_of_both()
    {
        _folder.With("driver/answer.c", Answer(42));
        Git("commit", "--quiet", "-a", "-m", "mended");
        Git("tag", "mended");
        _folder.With("driver/answer.c", "this is no C");
        Git("commit", "--quiet", "-a", "-m", "unbuildable");
        _folder.With("driver/answer.c", Answer(1));
        Git("commit", "--quiet", "-a", "-m", "builds again");
        var result = await BisectAsync("mended", "HEAD");
        Assert.Null(result.FirstBad);
        Assert.Equal(["builds again", "unbuildable"], result.Candidates.Select(candidate => candidate.Split(": ")[1]).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_good_commit_that_is_not_good_ends_it()
        => Assert.Contains("is not good", (await Assert.ThrowsAsync<StepFailedException>(() => BisectAsync($"v{Broken}", "HEAD"))).Message, StringComparison.Ordinal);
}
