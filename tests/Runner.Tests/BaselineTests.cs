using System.Diagnostics;
using System.Text;
using Understudy.Boards;
using Understudy.Verdict;

namespace Understudy.Runner.Tests;

public sealed class BaselineTests : IDisposable
{
    readonly SuiteFolder _folder = new();
    readonly RunDirectory _directory;
    readonly SerialConsole _console = new();
    readonly Evidence _evidence;

    public BaselineTests()
    {
        _directory = RunDirectory.Create(_folder["run"], new RunInfo { Id = "r", Title = "r", Command = "r" });
        _evidence = new Evidence(_directory, finding => finding);
    }

    public void Dispose()
    {
        _evidence.Dispose();
        _directory.Dispose();
        _folder.Dispose();
    }

    // As it comes from a console that shows times.
    void Prints(params string[] lines) =>
        _console.Received!(Encoding.UTF8.GetBytes(string.Concat(lines.Select(line => $"[    1.000000] {line}\n"))), Stopwatch.GetTimestamp());

    void Warns(string function) => Prints("------------[ cut here ]------------", $"WARNING: CPU: 0 PID: 1 at kernel/x.c:1 {function}+0x1/0x2", "---[ end trace 0000000000000000 ]---");

    [Fact]
    public async Task What_the_kernel_complained_of_before_the_driver_is_kept_and_does_not_count()
    {
        _evidence.AwaitDriver();
        _evidence.Watch(_console);
        Warns("of_the_kernel");
        _evidence.DriverComes();
        Warns("of_the_driver");
        var findings = await _evidence.CompleteAsync(null);
        Assert.Equal([("WARNING in of_the_kernel", true, false), ("WARNING in of_the_driver", false, true)], findings.Select(finding => (finding.Title, finding.Baseline, finding.Counts)));
        Assert.Equal([true, false], RunRecord.Load(_directory.Path).Findings.Select(finding => finding.Baseline));
    }

    [Fact]
    public async Task A_report_that_began_before_the_driver_came_and_ended_after_it_is_the_kernels()
    {
        _evidence.AwaitDriver();
        _evidence.Watch(_console);
        Prints("------------[ cut here ]------------", "WARNING: CPU: 0 PID: 1 at kernel/x.c:1 slow+0x1/0x2");
        _evidence.DriverComes();
        Prints("---[ end trace 0000000000000000 ]---");
        Assert.True(Assert.Single(await _evidence.CompleteAsync(null)).Baseline);
    }

    [Fact]
    public async Task A_kernel_that_panics_before_the_driver_comes_fails_all_the_same()
    {
        _evidence.AwaitDriver();
        _evidence.Watch(_console);
        Prints("Kernel panic - not syncing: VFS: Unable to mount root fs", "Kernel Offset: disabled");
        Assert.True(Assert.Single(await _evidence.CompleteAsync(null)).Counts);
    }

    [Fact]
    public async Task Where_the_driver_never_came_the_kernels_own_complaints_are_all_there_is()
    {
        _evidence.AwaitDriver();
        _evidence.Watch(_console);
        Warns("of_the_kernel");
        Assert.True(Assert.Single(await _evidence.CompleteAsync(null)).Counts);
    }

    [Fact]
    public async Task Unless_a_driver_is_awaited_everything_counts()
    {
        _evidence.Watch(_console);
        Warns("anything");
        Assert.True(Assert.Single(await _evidence.CompleteAsync(null)).Counts);
    }
}
