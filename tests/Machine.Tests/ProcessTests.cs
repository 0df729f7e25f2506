using System.Diagnostics;
using Understudy.Cli.Tests;
using Understudy.Verdict;

namespace Understudy.Machine.Tests;

/// <summary>The program as a process: whatever kills what, nothing is left behind.</summary>
public sealed class ProcessTests : IDisposable
{
    readonly ScratchDirectory _home = new();

    [Fact]
    public async Task Killed_ourselves_we_take_QEMU_along_and_the_next_run_sweeps_up()
    {
        await Bench.LabAsync("debian:latest");
        using var killed = CliProcess.Start(_home.Path, "boot", "-e", "echo up; sleep 1000");
        await killed.SaysAsync("up\n");
        var qemu = Assert.Single(Bench.QemusOf(killed.Id));
        var left = Assert.Single(Directory.EnumerateDirectories(killed.Sockets));
        killed.Signal("KILL");
        await Bench.GoneAsync(qemu);
        Assert.True(Directory.Exists(left));

        using var next = CliProcess.Start(_home.Path, "boot", "-e", "true");
        Assert.Equal(0, await next.EndAsync());
        Assert.Empty(Directory.EnumerateDirectories(next.Sockets));
    }

    [Fact]
    public async Task Interrupted_the_demo_ends_with_a_report_of_what_ran()
    {
        await Bench.LabAsync("debian:latest");
        using var demo = CliProcess.Start(_home.Path, "demo", "--output", "run");
        await demo.SaysAsync("driver");
        var qemu = Assert.Single(Bench.QemusOf(demo.Id));
        demo.Signal("INT");
        Assert.Equal(3, await demo.EndAsync());
        await Bench.GoneAsync(qemu);
        Assert.Empty(Directory.EnumerateDirectories(demo.Sockets));
        Assert.Contains("verdict: broken: interrupted", demo.Out, StringComparison.Ordinal);
        var run = RunRecord.Load(_home["run"]);
        Assert.Equal(Outcome.Broken, run.Verdict!.Outcome);
        Assert.Contains(run.Steps, step => step is { Name: "boot", Outcome: Outcome.Pass });
        Assert.True(File.Exists(Path.Combine(run.Path, "report.html")));
    }

    [Fact]
    public async Task QEMU_killed_in_the_demo_is_the_labs_fault()
    {
        await Bench.LabAsync("debian:latest");
        using var demo = CliProcess.Start(_home.Path, "demo", "--output", "run");
        await demo.SaysAsync("driver");
        Process.GetProcessById(Assert.Single(Bench.QemusOf(demo.Id))).Kill();
        Assert.Equal(3, await demo.EndAsync());
        Assert.Contains("verdict: broken: the machine ended", demo.Out, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateDirectories(demo.Sockets));
    }

    [Fact]
    public async Task A_guest_that_panics_under_somebodys_hands_is_told_in_words()
    {
        await Bench.LabAsync("debian:latest");
        using var boot = CliProcess.Start(_home.Path, "boot", "-e", "echo c > /proc/sysrq-trigger");
        Assert.Equal(1, await boot.EndAsync());
        Assert.Contains("the guest panicked", boot.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at Understudy", boot.Error, StringComparison.Ordinal);
    }

    public void Dispose() => _home.Dispose();
}
