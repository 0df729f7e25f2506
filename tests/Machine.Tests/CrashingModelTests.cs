using Understudy.Boards;
using Understudy.Runner;
using Understudy.Verdict;

namespace Understudy.Machine.Tests;

public sealed class CrashingModelTests
{
    [Theory]
    [InlineData("read hook", "0x04")]
    [InlineData("write hook", "0x08 1")]
    [InlineData("timer", "0x0c 1")]
    [InlineData("after DMA", "0x10 1")]
    public async Task A_model_that_throws_is_the_labs_fault_and_the_guest_lives_on(string where, string poke)
    {
        using var scratch = new ScratchDirectory();
        await using var rig = await Rig<FaultyCard>.AssembleAsync(new FaultyCard());
        await using var run = Run.Begin(scratch["run"], new RunInfo { Id = "test", Title = "a test", Command = "none" }, new SilentObserver());
        run.Watch(rig.Machine);
        run.Watch("faulty", rig.Slot, rig.Trace);
        await run.StepAsync("crash", async _ =>
        {
            await rig.Machine.PowerOnAsync();
            run.Watch(rig.Guest);
            await rig.Guest.PushAsync("/tmp/poke", await Bench.ProgramAsync("poke"), (UnixFileMode)0b111_101_101);
            var device = await rig.ShellAsync("dirname $(grep -l 0xfa17 /sys/bus/pci/devices/*/device)");
            await rig.ShellAsync($"echo 1 > {device}/enable; printf '\\006' | dd of={device}/config bs=1 seek=4 conv=notrunc 2>/dev/null");
            Assert.Equal("0x600dca2d", await rig.ShellAsync($"/tmp/poke {device}/resource0 0"));
            var crashed = new TaskCompletionSource();
            rig.Slot.Found += finding => { if (finding.Check == "model-crashed") crashed.TrySetResult(); };
            await rig.ShellAsync($"/tmp/poke {device}/resource0 {poke}");
            await crashed.Task.WaitAsync(Bench.Patience);
            Assert.Equal("0xffffffff", await rig.ShellAsync($"/tmp/poke {device}/resource0 0"));
            Assert.Equal("alive", await rig.ShellAsync("echo alive"));
        });
        await run.StepAsync("shutdown", async _ => Assert.Equal(MachineExitReason.PoweredOff, (await rig.Machine.ShutDownAsync(Bench.Patience)).Reason));
        var verdict = await run.ConcludeAsync();
        Assert.Equal(Outcome.Broken, verdict.Outcome);
        Assert.All(run.Directory.Steps, step => Assert.True(step.Outcome == Outcome.Pass, step.Detail));
        Assert.Contains($"a mistake in a {where}".Replace("in a after", "after", StringComparison.Ordinal), verdict.Reason, StringComparison.Ordinal);
        Assert.Contains(verdict.Evidence, line => line.Contains("MmioWrite", StringComparison.Ordinal) || line.Contains("MmioRead", StringComparison.Ordinal));
    }
}
