using Understudy.Boards;
using Understudy.Devices;
using Understudy.Guest;
using Understudy.Pci;
using Understudy.Runner;
using Understudy.Verdict;

namespace Understudy.Machine.Tests;

/// <summary>A machine with one device in it, as a test wants it.</summary>
sealed class Rig<T> : IAsyncDisposable where T : PciDevice
{
    readonly DeviceConsole _console = new();

    Rig(IMachine machine, PciSlot<T> slot, FaultInjector faults, TraceRecorder trace) => (Machine, Slot, Faults, Trace) = (machine, slot, faults, trace);

    public IMachine Machine { get; }

    public PciSlot<T> Slot { get; }

    public FaultInjector Faults { get; }

    public TraceRecorder Trace { get; }

    public GuestAgent Guest => Machine.Guest;

    /// <summary>Puts a machine together that is still off.</summary>
    public static async Task<Rig<T>> AssembleAsync(T device, string kernel = "debian:latest", Func<BootSpec, BootSpec>? change = null)
    {
        var lab = await Bench.LabAsync(kernel);
        Rig<T>? rig = null;
        var spec = new BootSpec(lab.Kernel) { OnDeviceCommand = command => Task.FromResult(rig!._console.Answer(command)) };
        var machine = lab.Board.Assemble(change is null ? spec : change(spec));
        var (faults, trace) = (new FaultInjector(), new TraceRecorder(1 << 12));
        rig = new Rig<T>(machine, machine.Pci.Plug(device, "nic", trace, new BusChecker(), faults), faults, trace);
        if (device is Rtl8111) rig._console.Add("nic", Catalog.Find("rtl8111"), rig.Slot, trace, faults);
        return rig;
    }

    /// <summary>Runs a script in the guest that must succeed.</summary>
    /// <returns>What it printed.</returns>
    public async Task<string> ShellAsync(string script)
    {
        var result = await TryAsync(script);
        if (!result.Succeeded) Assert.Fail($"'{script}' ended in {result.ExitCode}: {result.Stdout}{result.Stderr}");
        return result.Stdout.Trim();
    }

    /// <summary>Runs a script in the guest that may fail.</summary>
    public Task<CommandResult> TryAsync(string script)
        => Guest.ExecuteAsync(["sh", "-c", script], cancellation: TestContext.Current.CancellationToken).WaitAsync(Bench.Patience);

    /// <summary>The kernel says a text, now or soon.</summary>
    public async Task SeesAsync(string text, KernelLogMark since = default)
    {
        if (await Guest.KernelLog.SeesAsync(text, Bench.Patience, since) is null) Assert.Fail($"the kernel never said '{text}'; its log:\n{Log()}");
    }

    public string Log() => string.Join('\n', Guest.KernelLog.Since());

    /// <summary>Nothing in the kernel's log is an oops, a warning, a lockup or the like.</summary>
    public void KernelIsWell()
    {
        var findings = new List<Finding>();
        var scanner = new KernelLogScanner(FindingSource.Kernel, findings.Add);
        foreach (var record in Guest.KernelLog.Since()) scanner.ReadRecord(record.Text, 0);
        scanner.End();
        Assert.DoesNotContain(findings, finding => finding.Counts);
    }

    public ValueTask DisposeAsync() => Machine.DisposeAsync();
}

/// <summary>Rigs with a network card in them.</summary>
static class NicRig
{
    public const string Device = "/sys/class/net/eth0/device";

    /// <summary>A booted guest whose r8169 drives the card.</summary>
    public static async Task<Rig<Rtl8111>> BootAsync(string kernel = "debian:latest", Rtl8111Chip chip = Rtl8111Chip.Rtl8168C, Func<BootSpec, BootSpec>? change = null)
    {
        var rig = await Rig<Rtl8111>.AssembleAsync(new Rtl8111(chip: chip), kernel, spec => (change ?? (same => same))(spec with { Modules = ["r8169"] }));
        await rig.Machine.PowerOnAsync(TestContext.Current.CancellationToken);
        await rig.Guest.LoadModuleAsync("r8169");
        await rig.Guest.WaitForPathAsync("/sys/class/net/eth0").WaitAsync(Bench.Patience);
        return rig;
    }

    /// <summary>The link is up and the peer can be reached.</summary>
    public static async Task ConnectAsync(this Rig<Rtl8111> rig)
    {
        var mark = rig.Guest.KernelLog.Mark();
        rig.Slot.Do(nic => nic.CablePluggedIn = true);
        await rig.ShellAsync("ip addr replace 192.0.2.2/24 dev eth0 && ip link set eth0 up");
        await rig.SeesAsync("Link is Up", mark);
    }

    /// <summary>Takes the interface down and up; afterwards the peer answers.</summary>
    public static async Task ReconnectAsync(this Rig<Rtl8111> rig)
    {
        await rig.ShellAsync("ip link set eth0 down");
        await rig.ConnectAsync();
        await rig.PingsAsync();
    }

    /// <summary>All of some pings are answered.</summary>
    public static async Task PingsAsync(this Rig<Rtl8111> rig, int count = 10, string options = "")
        => Assert.Contains($"{count} packets transmitted, {count} packets received", await rig.ShellAsync($"ping -c {count} -i 0.01 -W 5 {options} 192.0.2.1"), StringComparison.Ordinal);
}
