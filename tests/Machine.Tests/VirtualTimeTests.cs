using System.Text.RegularExpressions;
using Understudy.Boards;
using Understudy.Devices;
using Understudy.Pci;
using Understudy.Runner;
using Understudy.Toolchain;

namespace Understudy.Machine.Tests;

/// <summary>Guest and devices in a time of their own: it jumps, it stands still, and it is the same every time.</summary>
public sealed class VirtualTimeTests(ITestOutputHelper output)
{
    static readonly Lazy<Task<Lab>> s_lab = new(() => Lab.OpenAsync(Bench.Toolbox, new LabRequest(Board: "uml")));

    static int Runs => int.TryParse(Environment.GetEnvironmentVariable("UNDERSTUDY_VIRTUAL_RUNS"), out var runs) ? runs : 3;

    [Fact]
    public async Task The_same_seed_is_the_same_run_to_the_nanosecond()
    {
        var first = await ToggleLinkAsync(seed: 7);
        output.WriteLine($"{first.Trace.Split('\n').Length} lines of trace, ends at {first.End} ns");
        for (var run = 2; run <= Runs; run++)
        {
            var again = await ToggleLinkAsync(seed: 7);
            Assert.True(first.Trace == again.Trace, $"run {run} of {Runs} parted from the first: {FirstDifference(first.Trace, again.Trace)}");
            Assert.Equal(first.Log, again.Log);
            Assert.Equal(first.End, again.End);
        }
    }

    [Fact]
    public async Task A_lost_completion_takes_the_driver_the_same_minute_every_time()
    {
        var first = await LoseCompletionAsync();
        output.WriteLine($"{first.Took} ns");
        Assert.InRange(first.Took, 60_000_000_000, 70_000_000_000);
        for (var run = 2; run <= Runs; run++)
        {
            var again = await LoseCompletionAsync();
            Assert.True(first.Trace == again.Trace, $"run {run} of {Runs} parted from the first: {FirstDifference(first.Trace, again.Trace)}");
            Assert.Equal(first.Took, again.Took);
        }
    }

    [Fact]
    public async Task Another_seed_is_another_guest()
    {
        Assert.Equal(await DrawAsync(1), await DrawAsync(1));
        Assert.NotEqual(await DrawAsync(1), await DrawAsync(2));
    }

    static async Task<string> DrawAsync(int seed)
    {
        await using var machine = await AssembleAsync(seed, []);
        await machine.PowerOnAsync(TestContext.Current.CancellationToken);
        return await ShellAsync(machine, "head -c 16 /dev/urandom | sha256sum");
    }

    [Fact]
    public async Task A_guest_that_sleeps_for_an_hour_is_back_at_once_and_nobody_else_moves_its_clock()
    {
        await using var machine = await AssembleAsync(1, []);
        await machine.PowerOnAsync(TestContext.Current.CancellationToken);
        var before = machine.VirtualNanoseconds;
        await Task.Delay(50, TestContext.Current.CancellationToken);
        Assert.Equal(before, machine.VirtualNanoseconds);
        await ShellAsync(machine, "sleep 3600");
        Assert.InRange(machine.VirtualNanoseconds!.Value - before!.Value, 3_600_000_000_000, 3_601_000_000_000);
        Assert.Equal("2026-01-01", await ShellAsync(machine, "date +%F"));
        Assert.Equal(MachineExitReason.PoweredOff, (await machine.ShutDownAsync(Bench.Patience)).Reason);
    }

    [Fact]
    public async Task A_read_that_takes_longer_takes_the_guest_longer()
    {
        var usual = await ProbeAsync([]);
        Assert.InRange(await ProbeAsync(["mmio-read * nth=1 -> delay 1s"]) - usual, 980_000_000, 1_020_000_000);
    }

    static async Task<long> ProbeAsync(IReadOnlyList<string> rules)
    {
        await using var machine = await AssembleAsync(1, ["r8169"]);
        var faults = new FaultInjector();
        machine.Pci.Plug(new Rtl8111(), "nic", faults);
        foreach (var rule in rules) faults.Add(FaultRule.Parse(rule));
        await machine.PowerOnAsync(TestContext.Current.CancellationToken);
        var before = machine.VirtualNanoseconds!.Value;
        await machine.Guest.LoadModuleAsync("r8169");
        return machine.VirtualNanoseconds!.Value - before;
    }

    [Fact]
    public async Task Limits_of_the_host_hold_for_a_guest_whose_time_stands_still()
    {
        int process;
        await using (var machine = await AssembleAsync(1, []))
        {
            await machine.PowerOnAsync(TestContext.Current.CancellationToken);
            process = Assert.Single(Bench.QemusOf(Environment.ProcessId));
            var loop = await machine.Guest.StartAsync(["sh", "-c", "while :; do :; done"]);
            await Assert.ThrowsAsync<TimeoutException>(() => loop.Completion.WaitAsync(TimeSpan.FromMilliseconds(500)));
        }
        await Bench.GoneAsync(process);
    }

    [Fact]
    public async Task A_panic_is_a_panic()
    {
        await using var machine = await AssembleAsync(1, []);
        await machine.PowerOnAsync(TestContext.Current.CancellationToken);
        await machine.Guest.StartAsync(["sh", "-c", "echo c > /proc/sysrq-trigger"]);
        Assert.Equal(MachineExitReason.Panicked, (await machine.Exit.WaitAsync(Bench.Patience)).Reason);
    }

    [Fact]
    public async Task Files_go_in_and_come_out_as_they_were()
    {
        await using var machine = await AssembleAsync(1, []);
        await machine.PowerOnAsync(TestContext.Current.CancellationToken);
        var data = new byte[300_000];
        new Random(1).NextBytes(data);
        await machine.Guest.PushAsync("/tmp/data", data).WaitAsync(Bench.Patience);
        Assert.Equal(data, await machine.Guest.PullAsync("/tmp/data").WaitAsync(Bench.Patience));
    }

    static async Task<(string Trace, string Log, long End)> ToggleLinkAsync(int seed)
    {
        await using var machine = await AssembleAsync(seed, ["r8169"]);
        var trace = new TraceRecorder(1 << 16);
        var slot = machine.Pci.Plug(new Rtl8111(), "nic", trace);
        await machine.PowerOnAsync(TestContext.Current.CancellationToken);
        await machine.Guest.LoadModuleAsync("r8169");
        await ShellAsync(machine, "ip link set eth0 up");
        for (var i = 0; i < 10; i++)
        {
            await SeeAsync(machine, "Link is Up - 1Gbps/Full", () => slot.Do(nic => nic.CablePluggedIn = true));
            await SeeAsync(machine, "Link is Down", () => slot.Do(nic => nic.CablePluggedIn = false));
        }
        var place = new Regex(@"/\S*/understudy-\d+-\d+/");     // one of each run's own
        var log = string.Join('\n', machine.Guest.KernelLog.Since().Select(record => place.Replace(record.ToString(), "")));
        Assert.Equal(MachineExitReason.PoweredOff, (await machine.ShutDownAsync(Bench.Patience)).Reason);
        Assert.Empty(machine.Pci.Findings);
        return (trace.ToString(), log, machine.VirtualNanoseconds!.Value);
    }

    static async Task SeeAsync(IMachine machine, string words, Action act)
    {
        var mark = machine.Guest.KernelLog.Mark();
        act();
        Assert.NotNull(await machine.Guest.KernelLog.SeesAsync(words, Bench.Patience, mark));
    }

    // How long, in virtual time, from the loss to the data being there after all: 30 s to the abort, 30 s more to the reset.
    static async Task<(string Trace, long Took)> LoseCompletionAsync()
    {
        await using var machine = await AssembleAsync(1, ["nvme"]);
        var trace = new TraceRecorder(1 << 16);
        var slot = machine.Pci.Plug(new Nvme(), "nvme", trace);
        await machine.PowerOnAsync(TestContext.Current.CancellationToken);
        await machine.Guest.LoadModuleAsync("nvme");
        await machine.Guest.WaitForPathAsync("/dev/nvme0n1").WaitAsync(Bench.Patience);
        await ShellAsync(machine, "echo 30000 > /sys/block/nvme0n1/queue/io_timeout");
        var before = machine.VirtualNanoseconds!.Value;
        slot.Do(nvme => nvme.LoseNextCompletion());
        await ShellAsync(machine, "dd if=/dev/zero of=/dev/nvme0n1 bs=64k count=4 oflag=direct");
        var took = machine.VirtualNanoseconds!.Value - before;
        Assert.Contains(machine.Guest.KernelLog.Since(), record => record.Text.Contains("timeout, aborting", StringComparison.Ordinal));
        Assert.Contains(machine.Guest.KernelLog.Since(), record => record.Text.Contains("timeout, reset controller", StringComparison.Ordinal));
        return (trace.ToString(), took);
    }

    static string FirstDifference(string one, string other)
    {
        var (left, right) = (one.Split('\n'), other.Split('\n'));
        var at = Enumerable.Range(0, Math.Min(left.Length, right.Length)).FirstOrDefault(i => left[i] != right[i], Math.Min(left.Length, right.Length));
        return $"line {at + 1} of {left.Length} and {right.Length}\n{string.Join('\n', left.Skip(at - 2).Take(5))}\n--\n{string.Join('\n', right.Skip(at - 2).Take(5))}";
    }

    static async Task<IMachine> AssembleAsync(int seed, IReadOnlyList<string> modules)
    {
        var lab = await LabAsync();
        return lab.Board.Assemble(new BootSpec(lab.Kernel) { Modules = modules, Time = GuestTime.Virtual, Seed = seed });
    }

    static async Task<string> ShellAsync(IMachine machine, string script)
    {
        var result = await machine.Guest.ExecuteAsync(["sh", "-c", script], cancellation: TestContext.Current.CancellationToken).WaitAsync(Bench.Patience);
        return result.Succeeded ? result.Stdout.Trim() : throw new InvalidOperationException($"'{script}' ended in {result.ExitCode}: {result.Stdout}{result.Stderr}");
    }

    static async Task<Lab> LabAsync()
    {
        try
        {
            return await s_lab.Value;
        }
        catch (ToolchainException offline) when (offline.Problem is ToolchainProblem.Offline or ToolchainProblem.NoMirror)
        {
            Assert.Skip($"what the kernel for User Mode Linux is built from is not here and cannot be fetched: {offline.Message}");
            throw;
        }
    }
}
