using System.Globalization;
using System.Text;
using Understudy.Guest;
using Understudy.Verdict;

namespace Understudy.Runner.Suites;

/// <summary>Loads and unloads a test's modules again and again and looks at what stays behind; then, where the kernel has kmemleak, asks that
/// for what nobody points to any more.</summary>
sealed class LeakCheck(GuestAgent guest, Run run)
{
    const string Kmemleak = "/sys/kernel/debug/kmemleak";

    // What a cycle may add. Free pages lie in lists of each CPU's own, uncounted and a batch at a time.
    const int Tolerated = 512, ToleratedOfPages = 4096;

    static readonly (string What, int Tolerated, Func<KernelMemory, long> Of)[] s_counters =
        [("slab", Tolerated, memory => memory.Slab), ("vmalloc", Tolerated, memory => memory.Vmalloc), ("pages", ToleratedOfPages, memory => memory.Pages)];

    // kmemleak believes in no leak that is younger than 5 s by the guest's clock (mm/kmemleak.c, MSECS_MIN_AGE).
    const string OldEnough = "6";

    bool _hasKmemleak;

    /// <summary>The cycles. The modules are not loaded before it, and not after it.</summary>
    /// <param name="cycles">How many.</param>
    /// <param name="modules">The modules.</param>
    /// <param name="notes">What there is to show.</param>
    /// <param name="cancel">Gives up.</param>
    public async Task CycleAsync(int cycles, CellModules modules, StepNotes notes, CancellationToken cancel)
    {
        _hasKmemleak = await TryClearAsync(cancel).ConfigureAwait(false);
        var samples = new List<KernelMemory>();
        await MeasureAsync(cycles).ConfigureAwait(false);
        // Caches of the kernel may take all these cycles to settle, and then stand still. A leak goes on.
        if (s_counters.Any(counter => Slope(counter).IsLeak(counter.Tolerated)))
        {
            samples.Clear();
            await MeasureAsync(cycles).ConfigureAwait(false);
        }
        string[] leaks = [.. s_counters.SelectMany(counter => Judge(counter.What, Slope(counter), counter.Tolerated, counter.Of))];
        notes.Detail = string.Create(CultureInfo.InvariantCulture, $"{cycles} cycles, {(leaks.Length > 0 ? string.Join(", ", leaks) : "nothing leaks")}");

        async Task MeasureAsync(int times)
        {
            for (var cycle = 0; cycle < times; cycle++)
            {
                await modules.LoadAsync(guest, notes, cancel).ConfigureAwait(false);
                await modules.UnloadAsync(guest, cancel).ConfigureAwait(false);
                await guest.PushAsync("/proc/sys/vm/drop_caches", "3"u8.ToArray(), cancellation: cancel).ConfigureAwait(false);
                samples.Add(KernelMemory.Parse(Encoding.UTF8.GetString(await guest.PullAsync("/proc/meminfo", cancel).ConfigureAwait(false))));
            }
        }

        LeakSlope Slope((string What, int Tolerated, Func<KernelMemory, long> Of) counter) => LeakSlope.Of([.. samples.Select(sample => (double)counter.Of(sample))]);

        IEnumerable<string> Judge(string what, LeakSlope slope, int tolerated, Func<KernelMemory, long> count)
        {
            if (!slope.IsLeak(tolerated)) yield break;
            var leak = string.Create(CultureInfo.InvariantCulture, $"{Rounded(slope.PerCycle)} bytes of {what}");
            run.Found(new Finding(run.Directory.Now, FindingSource.Kernel, "leak-slope", $"leak of {leak} per load/unload of {modules.Names}", Severity.Error, [slope.ToString(), .. Lines(what, count)]));
            yield return leak;
        }

        IEnumerable<string> Lines(string what, Func<KernelMemory, long> count)
            => samples.Select((sample, cycle) => string.Create(CultureInfo.InvariantCulture, $"after cycle {cycle + 1}: {count(sample) / 1024} KiB of {what}"));
    }

    /// <summary>What kmemleak knows of since the cycles began, a finding each; nothing where the kernel has none.</summary>
    public async Task ScanAsync(StepNotes notes, CancellationToken cancel)
    {
        if (!_hasKmemleak)
        {
            notes.Detail = "this kernel has no kmemleak";
            return;
        }
        await guest.ExecuteAsync(["sleep", OldEnough], cancellation: cancel).ConfigureAwait(false);
        // It names only what looks the same to two scans.
        for (var scan = 0; scan < 2; scan++)
            await guest.PushAsync(Kmemleak, "scan"u8.ToArray(), cancellation: cancel).ConfigureAwait(false);
        var told = Encoding.UTF8.GetString(await guest.PullAsync(Kmemleak, cancel).ConfigureAwait(false));
        run.FoundIn(told);
        notes.Detail = string.Create(CultureInfo.InvariantCulture, $"kmemleak: {told.Split('\n').Count(line => line.StartsWith("unreferenced object", StringComparison.Ordinal))} unreferenced objects");
    }

    async Task<bool> TryClearAsync(CancellationToken cancel)
    {
        try
        {
            await guest.PushAsync(Kmemleak, "clear"u8.ToArray(), cancellation: cancel).ConfigureAwait(false);
            return true;
        }
        catch (GuestException)
        {
            // The kernel has none, or has given it up for want of memory.
            return false;
        }
    }

    // To an eighth: a title is the same each time, although what it measures never is.
    static double Rounded(double bytes)
    {
        var unit = Math.Pow(2, Math.Floor(Math.Log2(bytes)) - 3);
        return Math.Round(bytes / unit) * unit;
    }
}
