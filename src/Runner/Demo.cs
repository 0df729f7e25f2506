using System.Globalization;
using System.Text.RegularExpressions;
using Understudy.Boards;
using Understudy.Devices;
using Understudy.Pci;
using Understudy.Toolchain;
using Understudy.Verdict;

namespace Understudy.Runner;

/// <summary>The show: a stock kernel's own r8169 driver on an RTL8111 in C#, its cable pulled, its pings answered by a host behind the
/// model, and its interrupts lost.</summary>
public sealed partial class Demo
{
    const string Nic = "nic", Interface = "eth0", GuestAddress = "192.0.2.2/24", PeerAddress = "192.0.2.1";
    const int Pings = 100, FaultyPings = 20;

    static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);

    readonly Toolbox _toolbox;
    readonly DemoRequest _request;
    readonly Run _run;
    readonly TraceRecorder _trace = new(1 << 16);
    readonly FaultInjector _faults = new();
    readonly DeviceConsole _console = new();
    Kernel? _kernel;
    Lab? _lab;
    IMachine? _machine;
    PciSlot<Rtl8111>? _slot;
    Stream? _capture;
    PcapFile? _pcap;

    Demo(Toolbox toolbox, DemoRequest request, Run run) => (_toolbox, _request, _run) = (toolbox, request, run);

    /// <summary>Runs the show.</summary>
    /// <returns>The verdict; everything else is in the run directory.</returns>
    /// <exception cref="ToolchainException">No kernel has that name; nothing was begun.</exception>
    /// <exception cref="IOException">The run directory cannot be made.</exception>
    public static async Task<RunVerdict> PlayAsync(Toolbox toolbox, DemoRequest request, IRunObserver observer, CancellationToken cancel = default)
    {
        await Lab.CheckAsync(toolbox, request.Lab, cancel).ConfigureAwait(false);
        var info = new RunInfo
        {
            Id = Path.GetFileName(request.Directory), Title = "First light: r8169 on an RTL8111 written in C#",
            Command = request.Command, Seed = (ulong)request.Seed, Host = HostFactsReader.Read(),
        };
        await using var run = Run.Begin(request.Directory, info, observer);
        var demo = new Demo(toolbox, request, run);
        try
        {
            await demo.PlayAsync(cancel).ConfigureAwait(false);
        }
        finally
        {
            if (demo._machine is not null) await demo._machine.DisposeAsync().ConfigureAwait(false);
            if (demo._capture is not null) await demo._capture.DisposeAsync().ConfigureAwait(false);
            if (demo._pcap?.Failure is { } torn) run.Broke(SignalKind.DiskFull, $"the capture wire.pcap broke off: {torn.Message}");
        }
        return await run.ConcludeAsync().ConfigureAwait(false);
    }

    async Task PlayAsync(CancellationToken cancel)
    {
        (string Name, Func<StepNotes, CancellationToken, Task> Body)[] steps =
        [
            ("toolchain", FindToolchainAsync), ("accelerator", ChooseAcceleratorAsync), ("boot", BootAsync), ("driver", BindDriverAsync),
            ("link", PullCableAsync), ("traffic", PingAsync), ("fault", LoseInterruptsAsync), ("shutdown", ShutDownAsync),
        ];
        foreach (var (name, body) in steps)
            if (!await _run.StepAsync(name, notes => body(notes, cancel)).ConfigureAwait(false)) return;
    }

    async Task FindToolchainAsync(StepNotes notes, CancellationToken cancel)
    {
        _kernel = await Lab.KernelAsync(_toolbox, _request.Lab, cancel).ConfigureAwait(false);
        if (!(await _toolbox.ModulesAsync(_kernel, cancel).ConfigureAwait(false)).Has("r8169"))
            throw new StepSkippedException($"{_kernel.Name} ({_kernel.Release}) has no r8169 driver, neither as a module nor built in");
        notes.Detail = $"{(_request.Lab.Board == BoardCatalog.Default ? await QemuAsync(cancel).ConfigureAwait(false) : "")}kernel {_kernel.Name} is {_kernel.Release}";
        _run.Directory.Describe(_run.Directory.Info with { Kernel = new KernelFacts(_kernel.Name, _kernel.Release, _kernel.PackageVersion, _kernel.Sha256) });
    }

    async Task<string> QemuAsync(CancellationToken cancel)
    {
        var fetched = _toolbox.QemuAtHand is null ? "fetched" : "found";
        var found = await _toolbox.QemuAsync(cancel).ConfigureAwait(false);
        _run.Directory.Describe(_run.Directory.Info with { Qemu = new QemuFacts(found.Version, found.Origin) });
        return $"QEMU {fetched}: {(found.Origin == "system" ? $"this system's {found.Version}" : found.Origin)}; ";
    }

    async Task ChooseAcceleratorAsync(StepNotes notes, CancellationToken cancel)
    {
        _lab = await Lab.OpenAsync(_toolbox, _request.Lab, cancel).ConfigureAwait(false);
        notes.Detail = $"{_lab.Accelerator.Name}: {_lab.Accelerator.Reason}";
        _run.Directory.Describe(_run.Directory.Info with { Board = _lab.Board.Model, Qemu = _lab.Qemu, Accelerator = _lab.Accelerator });
    }

    async Task BootAsync(StepNotes notes, CancellationToken cancel)
    {
        _machine = _lab!.Board.Assemble(new BootSpec(_kernel!) { Modules = ["r8169"], Seed = _request.Seed, OnDeviceCommand = command => Task.FromResult(_console.Answer(command)) });
        _run.Watch(_machine);
        _capture = _run.Directory.CreateAttachment("wire.pcap");
        var capture = _pcap = new PcapFile(_capture);
        var nic = new Rtl8111 { Wire = new Peer() };
        nic.FrameOnWire += capture.Write;
        _slot = _machine.Pci.Plug(nic, Nic, _trace, new BusChecker(), _faults);
        _console.Add(Nic, Catalog.Find("rtl8111"), _slot, _trace, _faults);
        _run.Watch(Nic, _slot, _trace);
        await _machine.PowerOnAsync(cancel).ConfigureAwait(false);
        _run.Watch(_machine.Guest);
        notes.Detail = $"Linux {_machine.Guest.Identity.KernelRelease} up, agent answered";
    }

    async Task BindDriverAsync(StepNotes notes, CancellationToken cancel)
    {
        await _machine!.Guest.LoadModuleAsync("r8169", cancellation: cancel).ConfigureAwait(false);
        await WithinAsync(_machine.Guest.WaitForPathAsync($"/sys/class/net/{Interface}", cancel), $"no {Interface} appeared after r8169 was loaded").ConfigureAwait(false);
        var driver = await GuestAsync($"basename $(readlink /sys/class/net/{Interface}/device/driver)", cancel).ConfigureAwait(false);
        var address = await GuestAsync($"basename $(readlink /sys/class/net/{Interface}/device)", cancel).ConfigureAwait(false);
        if (driver != "r8169") throw new StepFailedException($"{Interface} is driven by '{driver}', not by r8169");
        notes.Detail = $"r8169 bound to {address} as {Interface}";
        _run.Directory.Describe(_run.Directory.Info with { Devices = [new DeviceFacts(Nic, "rtl8111", address)] });
        foreach (var record in _machine.Guest.KernelLog.Since())
            if (record.Text.Contains("RTL8", StringComparison.Ordinal)) notes.Show(record.ToString());
    }

    async Task PullCableAsync(StepNotes notes, CancellationToken cancel)
    {
        await GuestAsync($"ip addr add {GuestAddress} dev {Interface} && ip link set {Interface} up", cancel).ConfigureAwait(false);
        foreach (var (plugged, words) in ((bool, string)[])[(true, "Link is Up - 1Gbps/Full"), (false, "Link is Down"), (true, "Link is Up - 1Gbps/Full")])
        {
            var mark = _machine!.Guest.KernelLog.Mark();
            if (plugged) _slot!.Do(nic => nic.CablePluggedIn = true);
            else _slot!.Do(nic => nic.CablePluggedIn = false);
            var seen = await _machine.Guest.KernelLog.SeesAsync(words, s_patience, mark, cancel).ConfigureAwait(false)
                ?? throw new StepFailedException($"the cable was {(plugged ? "plugged in" : "pulled")}, and the kernel log never said '{words}'");
            notes.Show(seen.ToString());
        }
        notes.Detail = "up, down and up again, each seen by the kernel";
    }

    async Task PingAsync(StepNotes notes, CancellationToken cancel)
    {
        var (sent, answered, line) = await PingAsync(Pings, "0.01", cancel).ConfigureAwait(false);
        notes.Show(line);
        notes.Detail = $"{answered} of {sent} pings answered by the peer behind the model";
        if (answered != Pings) throw new StepFailedException($"{notes.Detail}, of {Pings} wanted");
    }

    async Task LoseInterruptsAsync(StepNotes notes, CancellationToken cancel)
    {
        var rule = FaultRule.Parse(string.Create(CultureInfo.InvariantCulture, $"irq 0 every={_request.Every} -> drop"));
        notes.Show($"rule: {rule}");
        _faults.Add(rule);
        var (_, during, line) = await PingAsync(FaultyPings, "0.02", cancel).ConfigureAwait(false);
        notes.Show(line);
        var lost = _faults.Tallies[^1].Struck;
        _faults.Clear();
        if (lost == 0) throw new StepFailedException("no interrupt was raised that could have been lost");
        var (_, alone, _) = await PingAsync(3, "0.02", cancel).ConfigureAwait(false);
        var recovery = alone == 3 ? "it went on by itself" : "deaf until its interface was taken down and up";
        if (alone < 3) await ReopenAsync(notes, cancel).ConfigureAwait(false);
        var (sent, after, _) = await PingAsync(10, "0.01", cancel).ConfigureAwait(false);
        notes.Detail = $"{lost} interrupts lost: {during} of {FaultyPings} pings answered, {recovery}, then {after} of {sent}";
        if (after != sent) throw new StepFailedException($"the driver never recovered: {notes.Detail}");
    }

    async Task ReopenAsync(StepNotes notes, CancellationToken cancel)
    {
        var mark = _machine!.Guest.KernelLog.Mark();
        await GuestAsync($"ip link set {Interface} down && ip link set {Interface} up", cancel).ConfigureAwait(false);
        var seen = await _machine.Guest.KernelLog.SeesAsync("Link is Up", s_patience, mark, cancel).ConfigureAwait(false)
            ?? throw new StepFailedException("the driver did not bring its link up again after the interface was taken down and up");
        notes.Show(seen.ToString());
    }

    async Task ShutDownAsync(StepNotes notes, CancellationToken cancel)
    {
        var exit = await _machine!.ShutDownAsync(s_patience).WaitAsync(cancel).ConfigureAwait(false);
        if (exit.Reason != MachineExitReason.PoweredOff) throw new StepFailedException($"the guest did not power off: {exit.Reason}", exit.Detail.Split('\n'));
        notes.Detail = "guest powered off, nothing left running";
    }

    async Task<(int Sent, int Answered, string Line)> PingAsync(int count, string interval, CancellationToken cancel)
    {
        var command = string.Create(CultureInfo.InvariantCulture, $"ping -c {count} -i {interval} -W 1 {PeerAddress}");
        var result = await _machine!.Guest.ExecuteAsync(["sh", "-c", command], cancellation: cancel).ConfigureAwait(false);
        if (PingTotals().Match(result.Stdout) is not { Success: true } totals) throw new StepFailedException($"ping said nothing of use: {result.Stdout}{result.Stderr}");
        var line = result.Stdout.Split('\n').Last(text => text.Contains("received", StringComparison.Ordinal));
        return (Number(totals.Groups[1]), Number(totals.Groups[2]), line);
    }

    async Task<string> GuestAsync(string script, CancellationToken cancel)
    {
        var result = await _machine!.Guest.ExecuteAsync(["sh", "-c", script], cancellation: cancel).ConfigureAwait(false);
        return result.Succeeded ? result.Stdout.Trim() : throw new StepFailedException($"'{script}' failed in the guest: {result.Stderr.Trim()}");
    }

    static async Task WithinAsync(Task task, string otherwise)
    {
        try
        {
            await task.WaitAsync(s_patience).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            throw new StepFailedException(otherwise);
        }
    }

    static int Number(Group group) => int.Parse(group.ValueSpan, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"(\d+) packets transmitted, (\d+) packets received")]
    private static partial Regex PingTotals();
}
