using System.Diagnostics;
using Understudy.Boards;
using Understudy.Devices;
using Understudy.Runner;

namespace Understudy.Bench;

/// <summary>How long somebody waits for a guest that nothing has touched, when it need not boot.</summary>
sealed class RestoreBench(Workshop workshop) : IBench
{
    const int RoundCount = 7;
    const int Tests = 40;
    const int Wide = 2;
    static readonly string[] Kernels = [Workshop.Kernel, "debian:7.2"];

    public string Name => "restore";

    public string What => "saved guests, to the end of the first command, against our own cold boot and a plain one; and tests a second, two at a time";

    public async Task<IReadOnlyList<Measurement>> RunAsync(CancellationToken cancel)
    {
        var results = new List<Measurement>();
        foreach (var kernel in Kernels)
        {
            var lab = await workshop.OpenLabAsync(kernel, cancel);
            results.AddRange(await CompareAsync(lab, cancel));
            results.Add(await ThroughputAsync($"{kernel}, {Wide} at a time", lab, withCard: false, 10, cancel));
            results.Add(await ThroughputAsync($"{kernel}, with card and driver, {Wide} at a time", lab, withCard: true, 5, cancel));
        }
        return results;
    }

    static async Task<Measurement[]> CompareAsync(Lab lab, CancellationToken cancel)
    {
        var name = lab.Kernel.Name;
        var naive = new PlainBoot((QemuBoard)lab.Board, lab.Kernel);
        Series plain = new($"{name}, plain q35", "s"), cold = new($"{name}, cold", "s"), coldCard = new($"{name}, cold, with card and driver", "s"),
            restored = new($"{name}, restored", "s"), card = new($"{name}, restored, with card and driver", "s"), loaded = new($"{name}, restored, driver loaded before", "s");
        (Series Series, GuestStart Start, Driver Driver)[] ours =
        [
            (cold, GuestStart.Cold, Driver.None), (coldCard, GuestStart.Cold, Driver.Loaded),
            (restored, GuestStart.Restored, Driver.None), (card, GuestStart.Restored, Driver.Loaded), (loaded, GuestStart.Restored, Driver.Preloaded),
        ];
        foreach (var (_, start, driver) in ours) await MeasureAsync(lab, start, driver, cancel);      // saves the guests, fills the page cache
        for (var round = 0; round < RoundCount; round++)
        {
            plain.Add((await naive.MeasureAsync(cancel)).TotalSeconds);
            foreach (var (series, start, driver) in ours) series.Add((await MeasureAsync(lab, start, driver, cancel)).TotalSeconds);
        }
        return
        [
            plain.Line(), cold.Line(), coldCard.Line(),
            restored.Against(cold, "<= 0.15x of cold", ratio => ratio <= 0.15),
            card.Against(coldCard, "<= 0.35x of cold", ratio => ratio <= 0.35),
            (card.Against(plain, "<= 0.10x of plain", ratio => ratio <= 0.10)) with { Case = $"{name}, the same against plain" },
            loaded.Against(coldCard),
        ];
    }

    static async Task<TimeSpan> MeasureAsync(Lab lab, GuestStart start, Driver driver, CancellationToken cancel)
    {
        var spec = new BootSpec(lab.Kernel)
        {
            Start = start,
            Modules = driver == Driver.Loaded ? ["r8169"] : [],
            Preloaded = driver == Driver.Preloaded ? ["r8169"] : [],
        };
        await using var machine = lab.Board.Assemble(spec);
        if (driver != Driver.None) machine.Pci.Plug(new Rtl8111(), "nic");
        var began = Stopwatch.GetTimestamp();
        await machine.PowerOnAsync(cancel);
        if (driver == Driver.Loaded) await machine.Guest.LoadModuleAsync("r8169", cancellation: cancel);
        if (driver != Driver.None) await machine.Guest.WaitForPathAsync("/sys/class/net/eth0", cancel);
        await machine.Guest.ExecuteAsync(["true"], cancellation: cancel);
        return Stopwatch.GetElapsedTime(began);
    }

    static async Task<Measurement> ThroughputAsync(string name, Lab lab, bool withCard, double target, CancellationToken cancel)
    {
        var series = new Series(name, "tests/s");
        for (var round = 0; round < 3; round++)
        {
            var began = Stopwatch.GetTimestamp();
            await Parallel.ForAsync(0, Tests, new ParallelOptions { MaxDegreeOfParallelism = Wide, CancellationToken = cancel },
                async (_, stop) => await MeasureAsync(lab, GuestStart.Restored, withCard ? Driver.Preloaded : Driver.None, stop));
            series.Add(Tests / Stopwatch.GetElapsedTime(began).TotalSeconds);
        }
        return series.Judged($">= {target:0} tests/s", rate => rate >= target);
    }

    enum Driver
    {
        None,
        Loaded,
        Preloaded,
    }
}
