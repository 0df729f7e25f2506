namespace Understudy.Runner.Tests;

public sealed class BaselineTests : IDisposable
{
    readonly EvidenceRig _rig = new();

    public void Dispose() => _rig.Dispose();

    void Warns(string function) => _rig.Prints(EvidenceRig.Warning(function));

    [Fact]
    public async Task What_the_kernel_complained_of_before_the_driver_is_kept_and_does_not_count()
    {
        _rig.Evidence.AwaitDriver();
        _rig.Evidence.Watch(_rig.Console);
        Warns("of_the_kernel");
        _rig.Evidence.DriverComes();
        Warns("of_the_driver");
        var findings = await _rig.Evidence.CompleteAsync(null);
        Assert.Equal([("WARNING in of_the_kernel", true, false), ("WARNING in of_the_driver", false, true)], findings.Select(finding => (finding.Title, finding.Baseline, finding.Counts)));
        Assert.Equal([true, false], _rig.Kept().Select(finding => finding.Baseline));
    }

    [Fact]
    public async Task A_report_that_began_before_the_driver_came_and_ended_after_it_is_the_kernels()
    {
        _rig.Evidence.AwaitDriver();
        _rig.Evidence.Watch(_rig.Console);
        _rig.Prints("------------[ cut here ]------------", "WARNING: CPU: 0 PID: 1 at kernel/x.c:1 slow+0x1/0x2");
        _rig.Evidence.DriverComes();
        _rig.Prints("---[ end trace 0000000000000000 ]---");
        Assert.True(Assert.Single(await _rig.Evidence.CompleteAsync(null)).Baseline);
    }

    [Fact]
    public async Task A_kernel_that_panics_before_the_driver_comes_fails_all_the_same()
    {
        _rig.Evidence.AwaitDriver();
        _rig.Evidence.Watch(_rig.Console);
        _rig.Prints("Kernel panic - not syncing: VFS: Unable to mount root fs", "Kernel Offset: disabled");
        Assert.True(Assert.Single(await _rig.Evidence.CompleteAsync(null)).Counts);
    }

    [Fact]
    public async Task Where_the_driver_never_came_the_kernels_own_complaints_are_all_there_is()
    {
        _rig.Evidence.AwaitDriver();
        _rig.Evidence.Watch(_rig.Console);
        Warns("of_the_kernel");
        Assert.True(Assert.Single(await _rig.Evidence.CompleteAsync(null)).Counts);
    }

    [Fact]
    public async Task Unless_a_driver_is_awaited_everything_counts()
    {
        _rig.Evidence.Watch(_rig.Console);
        Warns("anything");
        Assert.True(Assert.Single(await _rig.Evidence.CompleteAsync(null)).Counts);
    }
}
