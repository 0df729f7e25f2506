using System.Diagnostics;
using Understudy.Boards;
using Understudy.Devices;
using Understudy.Pci;
using Understudy.Runner;

namespace Understudy.Bench;

/// <summary>How long somebody waits for a guest that is a program, and how many of them a host can run.</summary>
sealed class UmlBench(Workshop workshop) : IBench
{
    const int RoundCount = 9, Concurrency = 8, Guests = 48;
    const string Reads = "4000";
    const double MostBoot = 0.045, MostOfQemu = 0.05, MostWhole = 0.2, LeastPerSecond = 15, MostDebug = 1, MostRead = 12_000, MostOfPingPong = 1.6, MostStory = 1.5;

    public string Name => "uml";

    public string What => "User Mode Linux: boots, whole tests and guests a second against a cold boot under QEMU, a register read against a socket ping-pong, a minute of timeouts";

    public async Task<IReadOnlyList<Measurement>> RunAsync(CancellationToken cancel)
    {
        var lab = await Lab.OpenAsync(workshop.Toolbox, new LabRequest(Board: "uml"), cancel);
        var debug = await Lab.OpenAsync(workshop.Toolbox, new LabRequest("uml/all", Board: "uml"), cancel);
        var qemu = await workshop.OpenLabAsync(Workshop.Kernel, cancel);
        Series peer = new($"{Workshop.Kernel} under {qemu.Accelerator.Name}, cold boot", "s"), boot = new("boot", "s"), whole = new("boot, r8169, link up and down, power off", "s");
        Series pingPong = new("socket ping-pong in C, p50", "ns"), read = new("MMIO read, p50", "ns"), story = new("an NVMe completion lost: 30 s to the abort, 30 s to the reset, virtual", "s");
        Series checkedGuest = new("KASAN, lockdep and kmemleak: r8169 loaded and unloaded", "s");
        await using var reader = await ReaderAsync(lab, cancel);
        await BootAsync(lab, cancel);      // once for the page cache
        await BootAsync(qemu, cancel);
        for (var round = 0; round < RoundCount; round++)
        {
            peer.Add(await BootAsync(qemu, cancel));
            boot.Add(await BootAsync(lab, cancel));
            whole.Add(await WholeAsync(lab, cancel));
            checkedGuest.Add(await LoadAsync(debug, cancel));
            pingPong.Add(MmioReadBench.P50(await workshop.RunProbeAsync(["pingpong", Reads], cancel)));
            read.Add(MmioReadBench.P50(await reader.ReadAsync(cancel)));
            story.Add(await LoseCompletionAsync(lab, cancel));
        }
        var perSecond = new Series($"guests a second, {Concurrency} at once, booted and powered off", "/s");
        perSecond.Add(await ThroughputAsync(lab, cancel));
        return
        [
            peer.Line(), boot.Against(peer, $"<= {MostOfQemu}x", ratio => ratio <= MostOfQemu), boot.Judged($"<= {MostBoot} s", seconds => seconds <= MostBoot),
            whole.Judged($"<= {MostWhole} s", seconds => seconds <= MostWhole), perSecond.Judged($">= {LeastPerSecond} /s", rate => rate >= LeastPerSecond),
            checkedGuest.Judged($"<= {MostDebug} s", seconds => seconds <= MostDebug),
            pingPong.Line(), read.Against(pingPong, $"<= {MostOfPingPong}x", ratio => ratio <= MostOfPingPong), read.Judged($"<= {MostRead} ns", nanoseconds => nanoseconds <= MostRead),
            story.Judged($"<= {MostStory} s", seconds => seconds <= MostStory),
        ];
    }

    static async Task<double> BootAsync(Lab lab, CancellationToken cancel)
    {
        await using var machine = lab.Board.Assemble(new BootSpec(lab.Kernel) { MemoryMebibytes = 64 + (lab.Board.Name == "uml" ? 0 : 192) });
        var start = Stopwatch.GetTimestamp();
        await machine.PowerOnAsync(cancel);
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    static async Task<double> WholeAsync(Lab lab, CancellationToken cancel)
    {
        await using var machine = lab.Board.Assemble(new BootSpec(lab.Kernel) { MemoryMebibytes = 64, Modules = ["r8169"] });
        var slot = machine.Pci.Plug(new Rtl8111(), "nic");
        var start = Stopwatch.GetTimestamp();
        await machine.PowerOnAsync(cancel);
        await machine.Guest.LoadModuleAsync("r8169", cancellation: cancel);
        await machine.Guest.ExecuteAsync(["ip", "link", "set", "eth0", "up"], cancellation: cancel);
        slot.Do(nic => nic.CablePluggedIn = true);
        await machine.Guest.KernelLog.SeesAsync("Link is Up", TimeSpan.FromSeconds(20), cancellation: cancel);
        slot.Do(nic => nic.CablePluggedIn = false);
        await machine.Guest.KernelLog.SeesAsync("Link is Down", TimeSpan.FromSeconds(20), cancellation: cancel);
        await machine.ShutDownAsync(TimeSpan.FromSeconds(20));
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    static async Task<double> LoadAsync(Lab lab, CancellationToken cancel)
    {
        await using var machine = lab.Board.Assemble(new BootSpec(lab.Kernel) { Modules = ["r8169"] });
        machine.Pci.Plug(new Rtl8111(), "nic");
        await machine.PowerOnAsync(cancel);
        var start = Stopwatch.GetTimestamp();
        await machine.Guest.LoadModuleAsync("r8169", cancellation: cancel);
        await machine.Guest.UnloadModuleAsync("r8169", cancellation: cancel);
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    // A guest whose module times its own reads.
    async Task<UmlReader> ReaderAsync(Lab lab, CancellationToken cancel)
        => await UmlReader.BootAsync(lab, await workshop.ModuleAsync(lab.Kernel, cancel), cancel);

    // Of the host's time, from the loss until the data is there after all.
    static async Task<double> LoseCompletionAsync(Lab lab, CancellationToken cancel)
    {
        await using var machine = lab.Board.Assemble(new BootSpec(lab.Kernel) { Modules = ["nvme"], Time = GuestTime.Virtual });
        var slot = machine.Pci.Plug(new Nvme(), "nvme");
        await machine.PowerOnAsync(cancel);
        await machine.Guest.LoadModuleAsync("nvme", cancellation: cancel);
        await machine.Guest.WaitForPathAsync("/dev/nvme0n1", cancel);
        await DoAsync(machine, "echo 30000 > /sys/block/nvme0n1/queue/io_timeout", cancel);
        var start = Stopwatch.GetTimestamp();
        slot.Do(nvme => nvme.LoseNextCompletion());
        await DoAsync(machine, "dd if=/dev/zero of=/dev/nvme0n1 bs=64k count=4 oflag=direct", cancel);
        var took = Stopwatch.GetElapsedTime(start).TotalSeconds;
        return machine.Guest.KernelLog.Since().Any(record => record.Text.Contains("timeout, reset controller", StringComparison.Ordinal)) ? took : throw new InvalidOperationException("the driver did not reset its controller");
    }

    static async Task DoAsync(IMachine machine, string script, CancellationToken cancel)
    {
        var result = await machine.Guest.ExecuteAsync(["sh", "-c", script], cancellation: cancel);
        if (!result.Succeeded) throw new InvalidOperationException($"'{script}' ended with {result.ExitCode}: {result.Stderr}");
    }

    static async Task<double> ThroughputAsync(Lab lab, CancellationToken cancel)
    {
        var start = Stopwatch.GetTimestamp();
        await Parallel.ForAsync(0, Guests, new ParallelOptions { MaxDegreeOfParallelism = Concurrency, CancellationToken = cancel }, async (_, stop) =>
        {
            await using var machine = lab.Board.Assemble(new BootSpec(lab.Kernel) { MemoryMebibytes = 64 });
            await machine.PowerOnAsync(stop);
            await machine.ShutDownAsync(TimeSpan.FromSeconds(20));
        });
        return Guests / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }
}
