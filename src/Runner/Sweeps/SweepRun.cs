using System.Diagnostics;
using System.Globalization;
using Understudy.Boards;
using Understudy.Runner.Suites;
using Understudy.Toolchain;
using Understudy.Verdict;

namespace Understudy.Runner.Sweeps;

/// <summary>Fails a test's device at every touch, in every way, one guest each, and says what the driver did not survive.</summary>
public sealed class SweepRun : IDisposable
{
    const string Runs = "runs";

    static readonly TimeSpan s_firstLimit = TimeSpan.FromMinutes(2), s_leastLimit = TimeSpan.FromSeconds(5);

    readonly SweepRequest _request;
    readonly ISweepObserver _observer;
    readonly Lab _lab;
    readonly SweepJournal _journal;
    readonly Lock _lock = new();
    readonly HashSet<string> _fingerprints = [];
    readonly long _started = Stopwatch.GetTimestamp();
    TimeSpan _limit;
    int _played, _runs;
    bool _over;

    SweepRun(SweepRequest request, Lab lab, SweepJournal journal, ISweepObserver observer) => (_request, _lab, _journal, _observer) = (request, lab, journal, observer);

    /// <summary>Sweeps. Cancelling ends it early, with what was tried until then; the same request goes on with it.</summary>
    /// <exception cref="IOException">The output directory cannot be used, or holds another sweep.</exception>
    /// <exception cref="ToolchainException">The kernel, or what boots it, is not here and cannot be fetched.</exception>
    /// <exception cref="LabFailedException">The reference cannot be run, or is skipped: nothing can be swept here.</exception>
    /// <exception cref="FormatException">One of the rules is wrong, or names no device of the test.</exception>
    public static async Task<SweepSummary> PlayAsync(Toolbox toolbox, SweepRequest request, ISweepObserver observer, CancellationToken cancel = default)
    {
        if (request.Test.Settings.Devices.Count == 0) throw new FormatException($"{request.Test.FullName} has no devices: a sweep strikes devices");
        foreach (var rule in request.Rules) PointOf(request, rule);
        var lab = await Lab.OpenAsync(toolbox, new LabRequest(request.Kernel, request.Modules, request.Board), cancel).ConfigureAwait(false);
        Directory.CreateDirectory(request.Output);
        var head = new SweepHead(1, request.Test.FullName, lab.Kernel.Name, lab.Kernel.Release, request.Board, request.Seed, string.Join("; ", request.Test.Settings.Modules.Select(module => $"{Path.GetFileName(module.Name)} {module.Parameters}".TrimEnd())));
        using var run = new SweepRun(request, lab, SweepJournal.Open(request.Output, head), observer) { _runs = Taken(request.Output) };
        var summary = await run.PlayAsync(cancel).ConfigureAwait(false);
        SweepReport.Write(summary);
        return summary;
    }

    /// <inheritdoc/>
    public void Dispose() => _journal.Dispose();

    // A sweep that goes on numbers its runs after those of the one before.
    static int Taken(string output) => !Directory.Exists(Path.Combine(output, Runs)) ? 0
        : Directory.EnumerateDirectories(Path.Combine(output, Runs)).Select(run => int.TryParse(Path.GetFileName(run), CultureInfo.InvariantCulture, out var number) ? number : 0).DefaultIfEmpty().Max();

    async Task<SweepSummary> PlayAsync(CancellationToken cancel)
    {
        var (reference, difference) = await ReferenceAsync(cancel).ConfigureAwait(false);
        if (reference.Findings.Count > 0) return Summary(reference, [], difference);
        var points = Points(reference.Touches);
        var known = _journal.Known;
        foreach (var finding in known.Values.SelectMany(result => result.Findings)) _fingerprints.Add(finding.Fingerprint);
        _observer.Planned(reference.Touches.Count, points.Count, points.Count(point => known.ContainsKey(point.Text)));
        await PlayAsync([.. points.Where(point => !known.ContainsKey(point.Text))], cancel).ConfigureAwait(false);
        return Summary(reference, points, difference);
    }

    IReadOnlyList<SweepPoint> Points(IReadOnlyList<SweepTouch> touches)
    {
        if (_request.Rules.Count > 0) return [.. _request.Rules.Select(rule => PointOf(_request, rule))];
        var events = _request.Test.Settings.Devices.ToDictionary(device => device.Name, device => device.Entry.Events);
        return [.. SweepPlan.For(touches, device => events[device], _request.Exhaustive).Where(point => _request.Classes.Contains(point.Class)).DistinctBy(point => point.Text)];
    }

    // Twice, because a rule that counts touches means another touch where they do not come in the same order again.
    async Task<(FaultedResult Reference, string? Difference)> ReferenceAsync(CancellationToken cancel)
    {
        _limit = _request.Limit ?? s_firstLimit;
        var first = await OneAsync("reference", cancel).ConfigureAwait(false);
        var longest = first.Steps.Where(step => step.Name is not ("boot" or "plan" or "build" or "programs")).Max(step => (step.EndedSeconds ?? 0) - step.StartedSeconds);
        _limit = _request.Limit ?? s_leastLimit + TimeSpan.FromSeconds(5 * longest);
        if (first.Findings.Count > 0 || _request.Rules.Count > 0) return (first, null);
        var second = await OneAsync("reference-2", cancel).ConfigureAwait(false);
        return (first with { Findings = second.Findings }, Difference(first.Touches, second.Touches));
    }

    async Task<FaultedResult> OneAsync(string name, CancellationToken cancel)
    {
        var directory = Path.Combine(_request.Output, name);
        if (Directory.Exists(directory)) Directory.Delete(directory, recursive: true);
        var result = await FaultedRun.PlayAsync(_request, null, _lab, _limit, directory, _request.Command, cancel).ConfigureAwait(false);
        cancel.ThrowIfCancellationRequested();
        if (result.Verdict.Outcome == Outcome.Broken) throw new LabFailedException($"The reference, the test without any fault, could not be run: {result.Verdict.Reason}");
        if (result.Steps.FirstOrDefault(step => step.Outcome == Outcome.Skip) is { } skipped) throw new LabFailedException($"The test is skipped here, so there is nothing to sweep: {skipped.Detail}");
        return result;
    }

    static string? Difference(IReadOnlyList<SweepTouch> one, IReadOnlyList<SweepTouch> other)
    {
        var at = one.Zip(other).TakeWhile(pair => pair.First == pair.Second).Count();
        return at == one.Count && at == other.Count ? null : string.Create(CultureInfo.InvariantCulture,
            $"two runs without a fault differ from touch {at + 1} of {one.Count} and {other.Count} on: {Words(one, at)}, then {Words(other, at)}; places are counted anew in each run");

        static string Words(IReadOnlyList<SweepTouch> touches, int at) => at < touches.Count ? touches[at].Class : "no more";
    }

    async Task PlayAsync(IReadOnlyList<SweepPoint> points, CancellationToken cancel)
    {
        var next = -1;
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        await Task.WhenAll(Enumerable.Range(0, Math.Min(_request.Jobs, points.Count)).Select(_ => Task.Run(WorkAsync, CancellationToken.None))).ConfigureAwait(false);

        async Task WorkAsync()
        {
            try
            {
                for (int index; GoesOn(over.Token) && (index = Interlocked.Increment(ref next)) < points.Count;)
                    await TryAsync(points[index], over.Token).ConfigureAwait(false);
            }
            catch
            {
                // Something no fault can be blamed for, such as a disk without room: the others need not go on.
                await over.CancelAsync().ConfigureAwait(false);
                throw;
            }
        }
    }

    bool GoesOn(CancellationToken cancel) => !cancel.IsCancellationRequested && !Volatile.Read(ref _over)
        && !(_request.Budget is { } budget && Stopwatch.GetElapsedTime(_started) > budget);

    async Task TryAsync(SweepPoint point, CancellationToken cancel)
    {
        var started = Stopwatch.GetTimestamp();
        var (result, run) = await StrikeAsync(point, cancel).ConfigureAwait(false);
        // The lab's failure says nothing about the driver: such a run is played once more.
        if (OutcomeOf(result) == SweepOutcome.Broken && !cancel.IsCancellationRequested) (result, run) = await StrikeAsync(point, cancel).ConfigureAwait(false);
        var outcome = OutcomeOf(result);
        if (outcome == SweepOutcome.Found && result.Findings.Any(IsNew) && !cancel.IsCancellationRequested && !await ComesAgainAsync(point, result, cancel).ConfigureAwait(false))
            outcome = SweepOutcome.Unsteady;
        if (cancel.IsCancellationRequested) return;
        Add(new SweepResult(point.Text, outcome, Stopwatch.GetElapsedTime(started).TotalSeconds, outcome == SweepOutcome.Found ? result.Findings : [],
            outcome is SweepOutcome.Broken or SweepOutcome.Unsteady ? result.Verdict.Reason : null, run));
    }

    bool IsNew(SweepFinding finding)
    {
        lock (_lock) return finding.NeedsConfirming && !_fingerprints.Contains(finding.Fingerprint);
    }

    async Task<bool> ComesAgainAsync(SweepPoint point, FaultedResult first, CancellationToken cancel)
    {
        var (again, run) = await StrikeAsync(point, cancel).ConfigureAwait(false);
        if (run is not null) Directory.Delete(Path.Combine(_request.Output, run), recursive: true);
        return first.Findings.Any(finding => again.Findings.Any(other => other.Fingerprint == finding.Fingerprint));
    }

    async Task<(FaultedResult Result, string? Run)> StrikeAsync(SweepPoint point, CancellationToken cancel)
    {
        var run = string.Create(CultureInfo.InvariantCulture, $"{Runs}/{Interlocked.Increment(ref _runs):D5}");
        var directory = Path.Combine(_request.Output, run);
        if (Directory.Exists(directory)) Directory.Delete(directory, recursive: true);
        var result = await FaultedRun.PlayAsync(_request, point, _lab, _limit, directory, SweepSummary.Reproduce(_request, point.Text), cancel).ConfigureAwait(false);
        if (OutcomeOf(result) is SweepOutcome.Found or SweepOutcome.Broken && !cancel.IsCancellationRequested) return (result, run);
        Directory.Delete(directory, recursive: true);
        return (result, null);
    }

    static SweepOutcome OutcomeOf(FaultedResult result) => result.Verdict.Outcome == Outcome.Broken ? SweepOutcome.Broken
        : result.Findings.Count > 0 ? SweepOutcome.Found : result.Struck ? SweepOutcome.Survived : SweepOutcome.NotReached;

    void Add(SweepResult result)
    {
        lock (_lock)
        {
            _journal.Add(result);
            _played++;
            _observer.Ended(result, result.Findings.Any(finding => _fingerprints.Add(finding.Fingerprint)));
            _over |= _request.Until is { } until && result.Findings.Any(until);
        }
    }

    SweepSummary Summary(FaultedResult reference, IReadOnlyList<SweepPoint> points, string? difference)
        => new(_request, $"{_lab.Kernel.Name} ({_lab.Kernel.Release})", reference.Touches, points, _journal.Known, reference.Findings, reference.Remarks, difference, Stopwatch.GetElapsedTime(_started).TotalSeconds, _played);

    static SweepPoint PointOf(SweepRequest request, string text)
    {
        FaultsFile.Check([text], request.Test with { Faults = [] });
        var (device, rule) = FaultsFile.Line(text, request.Test.Settings.Devices);
        return new SweepPoint(new SweepTouch(device, "", default, rule.Target, rule.When.Nth), rule);
    }
}
