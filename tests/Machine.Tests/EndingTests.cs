using System.Diagnostics;
using Understudy.Boards;
using Understudy.Devices;
using Understudy.Runner;
using Understudy.Verdict;

namespace Understudy.Machine.Tests;

/// <summary>However a guest ends, the run says so, and blames the right one.</summary>
public sealed class EndingTests
{
    [Fact]
    public async Task A_panic_fails_the_run_with_the_kernels_own_lines()
    {
        var (verdict, exit) = await RunAsync(rig => rig.ShellAsync("echo c > /proc/sysrq-trigger"));
        Assert.Equal(MachineExitReason.Panicked, exit.Reason);
        Assert.Equal(Outcome.Fail, verdict.Outcome);
        Assert.Contains(verdict.Evidence, line => line.Contains("Kernel panic - not syncing", StringComparison.Ordinal) || line.Contains("sysrq_handle_crash", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_warning_in_the_log_fails_the_run_though_every_step_passed()
    {
        const string Warning = "WARNING: CPU: 0 PID: 1 at drivers/net/ethernet/realtek/r8169_main.c:4711 rtl_open+0x1/0x2 [r8169]";
        var (verdict, exit) = await RunAsync(async rig =>
        {
            await rig.ShellAsync($"echo '------------[ cut here ]------------' > /dev/kmsg; echo '{Warning}' > /dev/kmsg; echo '---[ end trace 0000000000000000 ]---' > /dev/kmsg");
            await rig.SeesAsync("end trace");
        });
        Assert.Equal(MachineExitReason.PoweredOff, exit.Reason);
        Assert.Equal(Outcome.Fail, verdict.Outcome);
        Assert.Contains(verdict.Evidence, line => line.EndsWith(Warning, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_reset_nobody_asked_for_fails_the_run()
    {
        var (verdict, exit) = await RunAsync(rig => rig.ShellAsync("echo b > /proc/sysrq-trigger; sleep 100"));
        Assert.Equal((MachineExitReason.Reset, Outcome.Fail), (exit.Reason, verdict.Outcome));
    }

    [Fact]
    public async Task A_guest_that_powers_off_by_itself_fails_the_run()
    {
        var (verdict, exit) = await RunAsync(rig => rig.ShellAsync("echo o > /proc/sysrq-trigger; sleep 100"));
        Assert.Equal((MachineExitReason.PoweredOff, Outcome.Fail), (exit.Reason, verdict.Outcome));
    }

    [Fact]
    public async Task A_guest_that_falls_silent_breaks_the_run_and_does_not_hold_it_up()
    {
        var hog = await Bench.ProgramAsync("hog");
        var (verdict, exit) = await RunAsync(async rig =>
        {
            await rig.Guest.PushAsync("/tmp/hog", hog, (UnixFileMode)0b111_101_101);
            Assert.Fail((await rig.Guest.ExecuteAsync(["/tmp/hog"])).Stderr);
        }, kernel: "debian:6.1", silence: TimeSpan.FromSeconds(8));
        Assert.Equal((MachineExitReason.Killed, Outcome.Broken), (exit.Reason, verdict.Outcome));
        Assert.Contains("no sign of life", verdict.Reason, StringComparison.Ordinal);
        Assert.Contains(verdict.Evidence, line => line.Contains("RIP=", StringComparison.Ordinal));
        // The kernel is well: asked over its serial console, it says what its tasks do.
        Assert.Contains(verdict.Evidence, line => line.Contains("sysrq: Show Blocked State", StringComparison.Ordinal));
    }

    [Fact]
    public async Task QEMU_killed_in_the_middle_breaks_the_run()
    {
        var (verdict, exit) = await RunAsync(async rig =>
        {
            var sleeping = rig.TryAsync("sleep 1000");
            Process.GetProcessById(Assert.Single(Bench.QemusOf(Environment.ProcessId))).Kill();
            await sleeping;
        });
        Assert.Equal((MachineExitReason.Died, Outcome.Broken), (exit.Reason, verdict.Outcome));
        Assert.Equal(3, verdict.ExitCode());
    }

    // All four at once: most of the time they wait.
    [Fact]
    public Task A_boot_that_hangs_fails_at_its_stage_within_the_limit() => Task.WhenAll(
        HangsAsync(BootStage.Firmware, "before the kernel", "", "-S"),
        HangsAsync(BootStage.Silent, "in a kernel that says nothing", "8250.nr_uarts=0 rdinit=/none root=/dev/none rootwait"),
        HangsAsync(BootStage.Kernel, "before init", "rdinit=/none root=/dev/none rootwait"),
        // Init is a program that sleeps: what follows '--' are its arguments.
        HangsAsync(BootStage.Init, "in init", "rdinit=/bin/busybox -- sleep 1000"));

    static async Task HangsAsync(BootStage stage, string words, string arguments, string? qemu = null)
    {
        var failure = await BootFailureAsync(arguments, qemu);
        Assert.Equal(stage, failure.Stage);
        Assert.StartsWith($"the boot hangs {words}: no agent after 30 s", failure.Message, StringComparison.Ordinal);
        Assert.Equal(stage is BootStage.Kernel or BootStage.Init, failure.Message.Contains("pid:1 ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_kernel_that_panics_while_it_boots_fails_with_its_words()
    {
        var failure = await BootFailureAsync("rdinit=/bin/busybox");
        Assert.Equal(BootStage.Kernel, failure.Stage);
        Assert.Contains("panicked", failure.Message, StringComparison.Ordinal);
        Assert.Contains("Attempted to kill init", failure.Message, StringComparison.Ordinal);
    }

    static async Task<BootFailedException> BootFailureAsync(string arguments, string? qemu = null)
    {
        await using var rig = await Rig<Rtl8111>.AssembleAsync(new Rtl8111(), change: spec => spec with { KernelArguments = [arguments], QemuArguments = qemu is null ? [] : [qemu], BootLimit = TimeSpan.FromSeconds(30) });
        return await Assert.ThrowsAsync<BootFailedException>(() => rig.Machine.PowerOnAsync());
    }

    static async Task<(RunVerdict Verdict, MachineExit Exit)> RunAsync(Func<Rig<Rtl8111>, Task> step, string kernel = "debian:latest", TimeSpan? silence = null)
    {
        using var scratch = new ScratchDirectory();
        var directory = scratch["run"];
        await using var rig = await Rig<Rtl8111>.AssembleAsync(new Rtl8111(), kernel);
        await using var run = Run.Begin(directory, new RunInfo { Id = "test", Title = "a test", Command = "none" }, new SilentObserver());
        run.Watch(rig.Machine);
        run.Watch("nic", rig.Slot, rig.Trace);
        await run.StepAsync("boot", async _ =>
        {
            await rig.Machine.PowerOnAsync();
            run.Watch(rig.Guest, silence);
        });
        await run.StepAsync("act", _ => step(rig));
        await run.StepAsync("shutdown", async _ => await rig.Machine.ShutDownAsync(Bench.Patience));
        await rig.DisposeAsync();
        var verdict = await run.ConcludeAsync();
        Assert.Equal(verdict.Outcome, RunRecord.Load(directory).Verdict!.Outcome);
        Assert.True(File.Exists(Path.Combine(directory, "report.html")));
        return (verdict, await rig.Machine.Exit);
    }
}
