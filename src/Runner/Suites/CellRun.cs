using Understudy.Verdict;

namespace Understudy.Runner.Suites;

/// <summary>One directory test in a guest of its own, from its plan to its verdict.</summary>
static class CellRun
{
    /// <summary>Runs it.</summary>
    /// <returns>The verdict; everything else is in the run directory.</returns>
    /// <exception cref="IOException">The run directory cannot be made.</exception>
    public static async Task<RunVerdict> PlayAsync(TestCell cell, Lab lab, string directory, SuiteRequest request, IRunObserver observer, CancellationToken cancel)
    {
        var test = (DirectoryTest)cell.Test;
        await using var run = TestRun.Begin(cell.Plan(request), directory, observer);
        GuestScripts? scripts = null;
        if (await run.PrepareAsync(_ => Task.FromResult(lab), (guest, stop) => TestFiles.PushAsync(test, guest, stop), cancel).ConfigureAwait(false))
        {
            scripts = new GuestScripts(run.Machine, run.Run.Directory, run.Storage, cell.Seed, cell.Settings.Modules, () => Arm(test, cell, run));
            await new TestSequence(test, scripts, run.Run).PlayAsync(cancel).ConfigureAwait(false);
        }
        if (scripts is not { IsLost: true }) await run.FetchSharedAsync(cancel).ConfigureAwait(false);
        if (scripts is not { IsLost: true }) await run.ReadLogAsync(cancel).ConfigureAwait(false);
        if (request.Keep is { } keep && scripts is not { IsLost: true }) await run.KeepAsync((guest, devices) => keep(cell, guest, devices, cancel)).ConfigureAwait(false);
        return await run.ConcludeAsync().ConfigureAwait(false);
    }

    static void Arm(DirectoryTest test, TestCell cell, TestRun run)
    {
        foreach (var (device, rule) in test.Faults) run.Devices.First(plugged => plugged.Device.Name == device).Faults.Add(rule);
        run.Fault(cell.Faults);
    }
}
