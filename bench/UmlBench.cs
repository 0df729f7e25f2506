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
    const double MostBoot = 0.045, MostOfQemu = 0.05, MostWhole = 0.2, LeastPerSecond = 15, MostDebug = 1;

    public string Name => "uml";

    public string What => "User Mode Linux: to the agent's answer, a whole link test, guests a second, against a cold boot under QEMU";

    public async Task<IReadOnlyList<Measurement>> RunAsync(CancellationToken cancel)
    {
        var lab = await Lab.OpenAsync(workshop.Toolbox, new LabRequest(Board: "uml"), cancel);
        var debug = await Lab.OpenAsync(workshop.Toolbox, new LabRequest("uml/all", Board: "uml"), cancel);
        var qemu = await workshop.OpenLabAsync(Workshop.Kernel, cancel);
        Series peer = new($"{Workshop.Kernel} under {qemu.Accelerator.Name}, cold boot", "s"), boot = new("boot", "s"), whole = new("boot, r8169, link up and down, power off", "s");
        Series checkedGuest = new("KASAN, lockdep and kmemleak: r8169 loaded and unloaded", "s");
        await BootAsync(lab, cancel);      // once for the page cache
        await BootAsync(qemu, cancel);
        for (var round = 0; round < RoundCount; round++)
        {
            peer.Add(await BootAsync(qemu, cancel));
            boot.Add(await BootAsync(lab, cancel));
            whole.Add(await WholeAsync(lab, cancel));
            checkedGuest.Add(await LoadAsync(debug, cancel));
        }
        var perSecond = new Series($"guests a second, {Concurrency} at once, booted and powered off", "/s");
        perSecond.Add(await ThroughputAsync(lab, cancel));
        return
        [
            peer.Line(), boot.Against(peer, $"<= {MostOfQemu}x", ratio => ratio <= MostOfQemu), boot.Judged($"<= {MostBoot} s", seconds => seconds <= MostBoot),
            whole.Judged($"<= {MostWhole} s", seconds => seconds <= MostWhole), perSecond.Judged($">= {LeastPerSecond} /s", rate => rate >= LeastPerSecond),
            checkedGuest.Judged($"<= {MostDebug} s", seconds => seconds <= MostDebug),
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
