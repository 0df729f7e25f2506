using System.Diagnostics;
using System.Runtime.CompilerServices;
using Understudy.Boards;
using Understudy.Devices;
using Understudy.Runner;

namespace Understudy.Bench;

/// <summary>How long somebody waits for a guest that nothing has touched, when it need not boot.</summary>
sealed class RestoreBench(Workshop workshop) : ILongBench
{
    const int Samples = 3, Tests = 100, Wide = 2;
    static readonly string[] Kernels = [Workshop.Kernel, "debian:7.2"];

    public string Name => "restore";

    public string What => "saved guests, from the start of QEMU to the end of the first command, against our own cold boot and a plain one; and tests a second, two at a time";

    public async IAsyncEnumerable<Measurement> MeasureAsync(int? samples, [EnumeratorCancellation] CancellationToken cancel)
    {
        foreach (var kernel in Kernels)
        {
            var lab = await workshop.OpenLabAsync(kernel, cancel);
            foreach (var line in await WithoutCardAsync(lab, samples ?? Samples, cancel)) yield return line;
            foreach (var line in await WithCardAsync(lab, samples ?? Samples, cancel)) yield return line;
            foreach (var line in await AgainstPlainAsync(lab, samples ?? Samples, cancel)) yield return line;
            if (kernel != Workshop.Kernel) continue;
            yield return await ThroughputAsync(lab, withCard: false, 10, samples ?? 1, cancel);
            yield return await ThroughputAsync(lab, withCard: true, 5, samples ?? 1, cancel);
        }
    }

    static async Task<Measurement[]> WithoutCardAsync(Lab lab, int samples, CancellationToken cancel)
    {
        Series cold = new($"{lab.Kernel.Name}, cold", "s"), restored = new($"{lab.Kernel.Name}, restored", "s");
        await InTurnAsync(samples, (cold, () => GuestAsync(lab, GuestStart.Cold, Driver.None, cancel)), (restored, () => GuestAsync(lab, GuestStart.Restored, Driver.None, cancel)));
        return [cold.Line(), restored.Against(cold, "<= 0.15x of cold", ratio => ratio <= 0.15)];
    }

    static async Task<Measurement[]> WithCardAsync(Lab lab, int samples, CancellationToken cancel)
    {
        Series cold = new($"{lab.Kernel.Name}, cold, card probed", "s"), restored = new($"{lab.Kernel.Name}, restored, card probed", "s"),
            loaded = new($"{lab.Kernel.Name}, restored with the driver", "s");
        await InTurnAsync(samples, (cold, () => GuestAsync(lab, GuestStart.Cold, Driver.Loaded, cancel)),
            (restored, () => GuestAsync(lab, GuestStart.Restored, Driver.Loaded, cancel)), (loaded, () => GuestAsync(lab, GuestStart.Restored, Driver.Preloaded, cancel)));
        return [cold.Line(), restored.Against(cold, "<= 0.35x of cold", ratio => ratio <= 0.35), loaded.Against(cold)];
    }

    static async Task<Measurement[]> AgainstPlainAsync(Lab lab, int samples, CancellationToken cancel)
    {
        var naive = new PlainBoot((QemuBoard)lab.Board, lab.Kernel);
        Series plain = new($"{lab.Kernel.Name}, plain q35", "s"), restored = new($"{lab.Kernel.Name}, restored, card probed, again", "s");
        await InTurnAsync(samples, (plain, () => naive.MeasureAsync(cancel)), (restored, () => GuestAsync(lab, GuestStart.Restored, Driver.Loaded, cancel)));
        return [plain.Line(), restored.Against(plain, "<= 0.10x of plain", ratio => ratio <= 0.10)];
    }

    // Once without counting: saves the guests, fills the page cache.
    static async Task InTurnAsync(int samples, params (Series Series, Func<Task<TimeSpan>> MeasureAsync)[] subjects)
    {
        foreach (var (_, measureAsync) in subjects) await measureAsync();
        for (var round = 0; round < samples; round++)
            foreach (var (series, measureAsync) in subjects) series.Add((await measureAsync()).TotalSeconds);
    }

    // As a suite does it: what the driver stands on is loaded before the guest is saved, the driver itself is not.
    static async Task<TimeSpan> GuestAsync(Lab lab, GuestStart start, Driver driver, CancellationToken cancel)
    {
        var ahead = driver == Driver.Loaded && start == GuestStart.Restored ? (await lab.Toolbox.ModulesAsync(lab.Kernel, cancel)).Before("r8169") : [];
        var spec = new BootSpec(lab.Kernel)
        {
            Start = start,
            Modules = driver == Driver.Loaded ? ["r8169"] : [],
            Preloaded = driver == Driver.Preloaded ? ["r8169"] : ahead,
        };
        var began = Stopwatch.GetTimestamp();
        await using var machine = lab.Board.Assemble(spec);
        if (driver != Driver.None) machine.Pci.Plug(new Rtl8111(), "nic");
        await machine.PowerOnAsync(cancel);
        if (driver == Driver.Loaded) await machine.Guest.LoadModuleAsync("r8169", cancellation: cancel);
        if (driver != Driver.None) await machine.Guest.WaitForPathAsync("/sys/class/net/eth0", cancel);
        await machine.Guest.ExecuteAsync(["true"], cancellation: cancel);
        return Stopwatch.GetElapsedTime(began);
    }

    async Task<Measurement> ThroughputAsync(Lab lab, bool withCard, double target, int samples, CancellationToken cancel)
    {
        var series = new Series($"{lab.Kernel.Name}, {Tests} trivial tests{(withCard ? ", card and driver" : "")}, -j{Wide}", "tests/s");
        using (var warm = new TrivialSuite(Wide, withCard)) await warm.PlayAsync(workshop.Toolbox, lab.Kernel.Name, Wide, cancel);
        using var suite = new TrivialSuite(Tests, withCard);
        for (var round = 0; round < samples; round++) series.Add(await suite.PlayAsync(workshop.Toolbox, lab.Kernel.Name, Wide, cancel));
        return series.Judged($">= {target:0} tests/s", rate => rate >= target);
    }

    enum Driver
    {
        None,
        Loaded,
        Preloaded,
    }
}
