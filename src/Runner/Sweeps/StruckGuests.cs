using System.Globalization;
using Understudy.Boards;
using Understudy.Verdict;

namespace Understudy.Runner.Sweeps;

/// <summary>The guests of one sweep, a run directory each: references without a fault, and those that are struck.</summary>
sealed class StruckGuests
{
    const string Runs = "runs";

    static readonly TimeSpan s_firstLimit = TimeSpan.FromMinutes(2), s_leastLimit = TimeSpan.FromSeconds(15);

    readonly Lab _lab;
    TimeSpan? _limit;
    int _runs;

    /// <param name="request">What is swept.</param>
    /// <param name="lab">What it is swept on.</param>
    public StruckGuests(SweepRequest request, Lab lab) => (Request, _lab, _runs) = (request, lab, Taken(request.Output));

    /// <summary>What is swept.</summary>
    public SweepRequest Request { get; }

    /// <summary>The kernel's name and release.</summary>
    public string Kernel => $"{_lab.Kernel.Name} ({_lab.Kernel.Release})";

    /// <summary>Plays the test without a fault; the first time says how long a step may take from then on.</summary>
    /// <exception cref="LabFailedException">It cannot be run, or is skipped: there is nothing to strike.</exception>
    public async Task<FaultedResult> ReferenceAsync(string name, CancellationToken cancel)
    {
        var directory = Path.Combine(Request.Output, name);
        if (Directory.Exists(directory)) Directory.Delete(directory, recursive: true);
        var result = await FaultedRun.PlayAsync(Request, [], _lab, Request.Limit ?? _limit ?? s_firstLimit, directory, Request.Command, cancel).ConfigureAwait(false);
        cancel.ThrowIfCancellationRequested();
        if (result.Verdict.Outcome == Outcome.Broken) throw new LabFailedException($"The reference, the test without any fault, could not be run: {result.Verdict.Reason}");
        if (result.Steps.FirstOrDefault(step => step.Outcome == Outcome.Skip) is { } skipped) throw new LabFailedException($"The test is skipped here, so there is nothing to sweep: {skipped.Detail}");
        var longest = result.Steps.Where(step => step.Name is not ("boot" or "plan" or "build" or "programs")).Max(step => (step.EndedSeconds ?? 0) - step.StartedSeconds);
        _limit ??= s_leastLimit + TimeSpan.FromSeconds(5 * longest);
        return result;
    }

    /// <summary>Strikes once; the lab's failure says nothing about the driver, and is tried once more. The run directory, relative to the
    /// output, is kept where something was found or broke.</summary>
    public async Task<(FaultedResult Result, string? Run)> StrikeAsync(IReadOnlyList<SweepPoint> points, CancellationToken cancel)
    {
        var (result, run) = await OnceAsync(points, cancel).ConfigureAwait(false);
        return result.Result == SweepOutcome.Broken && !cancel.IsCancellationRequested ? await OnceAsync(points, cancel).ConfigureAwait(false) : (result, run);
    }

    /// <summary>Strikes once more, and says whether one of these comes again.</summary>
    public async Task<bool> ShowsAgainAsync(IReadOnlyList<SweepPoint> points, IReadOnlyList<SweepFinding> findings, CancellationToken cancel)
    {
        var (again, run) = await OnceAsync(points, cancel).ConfigureAwait(false);
        if (run is not null) Directory.Delete(Path.Combine(Request.Output, run), recursive: true);
        return findings.Any(finding => again.Findings.Any(other => IsSame(finding, other)));
    }

    // Where a guest hangs cannot always be read from its stack.
    static bool IsSame(SweepFinding one, SweepFinding other) => one.Fingerprint == other.Fingerprint || one.Kind == "hang" && other.Kind == "hang";

    async Task<(FaultedResult Result, string? Run)> OnceAsync(IReadOnlyList<SweepPoint> points, CancellationToken cancel)
    {
        var run = string.Create(CultureInfo.InvariantCulture, $"{Runs}/{Interlocked.Increment(ref _runs):D5}");
        var directory = Path.Combine(Request.Output, run);
        if (Directory.Exists(directory)) Directory.Delete(directory, recursive: true);
        var result = await FaultedRun.PlayAsync(Request, points, _lab, Request.Limit ?? _limit ?? s_firstLimit, directory, SweepSummary.Reproduce(Request, points), cancel).ConfigureAwait(false);
        if (result.Result is SweepOutcome.Found or SweepOutcome.Broken && !cancel.IsCancellationRequested) return (result, run);
        Directory.Delete(directory, recursive: true);
        return (result, null);
    }

    // A sweep that goes on numbers its runs after those of the one before.
    static int Taken(string output) => !Directory.Exists(Path.Combine(output, Runs)) ? 0
        : Directory.EnumerateDirectories(Path.Combine(output, Runs)).Select(run => int.TryParse(Path.GetFileName(run), CultureInfo.InvariantCulture, out var number) ? number : 0).DefaultIfEmpty().Max();
}
