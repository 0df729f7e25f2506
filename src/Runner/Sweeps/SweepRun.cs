using System.Diagnostics;
using System.Globalization;
using Understudy.Boards;
using Understudy.Toolchain;

namespace Understudy.Runner.Sweeps;

/// <summary>Fails a test's device at every touch, in every way, one guest each, and says what the driver did not survive.</summary>
public sealed class SweepRun : IDisposable
{
    readonly SweepRequest _request;
    readonly ISweepObserver _observer;
    readonly StruckGuests _guests;
    readonly SweepJournal _journal;
    readonly ReachedLines _lines;
    readonly Lock _lock = new();
    readonly HashSet<string> _fingerprints = [];
    readonly long _started = Stopwatch.GetTimestamp();
    int _played;
    bool _over;

    SweepRun(StruckGuests guests, SweepJournal journal, ISweepObserver observer) => (_guests, _request, _journal, _observer, _lines) = (guests, guests.Request, journal, observer, new ReachedLines(guests.Request.Output));

    /// <summary>Sweeps. Cancelling ends it early, with what was tried until then; the same request goes on with it.</summary>
    /// <exception cref="IOException">The output directory cannot be used, or holds another sweep.</exception>
    /// <exception cref="ToolchainException">The kernel, or what boots it, is not here and cannot be fetched.</exception>
    /// <exception cref="LabFailedException">The reference cannot be run, or is skipped: nothing can be swept here.</exception>
    /// <exception cref="FormatException">One of the rules is wrong, or names no device of the test.</exception>
    public static async Task<SweepSummary> PlayAsync(Toolbox toolbox, SweepRequest request, ISweepObserver observer, CancellationToken cancel = default)
    {
        if (request.Test.Settings.Devices.Count == 0) throw new FormatException($"{request.Test.FullName} has no devices: a sweep strikes devices");
        foreach (var rule in request.Rules) SweepPoint.Parse(rule, request.Test);
        var lab = await Lab.OpenAsync(toolbox, new LabRequest(request.Kernel, request.Modules, request.Board), cancel).ConfigureAwait(false);
        Directory.CreateDirectory(request.Output);
        var head = new SweepHead(1, request.Test.FullName, lab.Kernel.Name, lab.Kernel.Release, request.Board, request.Seed, string.Join("; ", request.Test.Settings.Modules.Select(module => $"{Path.GetFileName(module.Name)} {module.Parameters}".TrimEnd())), request.Test.Settings.Time);
        using var run = new SweepRun(new StruckGuests(request, lab), SweepJournal.Open(request.Output, head), observer);
        var summary = await run.PlayAsync(cancel).ConfigureAwait(false);
        SweepReport.Write(summary);
        return summary;
    }

    /// <inheritdoc/>
    public void Dispose() => _journal.Dispose();

    async Task<SweepSummary> PlayAsync(CancellationToken cancel)
    {
        var (reference, difference) = await ReferenceAsync(cancel).ConfigureAwait(false);
        _lines.Add(reference.Lines);
        if (reference.Findings.Count > 0) return Summary(reference, [], difference);
        var points = Points(reference.Touches);
        var known = _journal.Known;
        foreach (var finding in known.Values.SelectMany(result => result.Findings)) _fingerprints.Add(finding.Fingerprint);
        _over = _request.Until is { } until && known.Values.SelectMany(result => result.Findings).Concat(reference.Remarks).Any(until);
        _observer.Planned(reference.Touches.Count, points.Count, points.Count(point => known.ContainsKey(point.Text)));
        await PlayAsync([.. points.Where(point => !known.ContainsKey(point.Text))], cancel).ConfigureAwait(false);
        _lines.Write();
        return Summary(reference, points, difference);
    }

    IReadOnlyList<SweepPoint> Points(IReadOnlyList<SweepTouch> touches)
    {
        if (_request.Rules.Count > 0) return [.. _request.Rules.Select(rule => SweepPoint.Parse(rule, _request.Test))];
        var events = _request.Test.Settings.Devices.ToDictionary(device => device.Name, device => device.Entry.Events);
        return [.. SweepPlan.For(touches, device => events[device], _request.Exhaustive).Where(point => _request.Classes.Contains(point.Class)).DistinctBy(point => point.Text)];
    }

    // Twice, because a rule that counts touches means another touch where they do not come in the same order again.
    async Task<(FaultedResult Reference, string? Difference)> ReferenceAsync(CancellationToken cancel)
    {
        var first = await _guests.ReferenceAsync("reference", cancel).ConfigureAwait(false);
        if (first.Findings.Count > 0 || _request.Rules.Count > 0) return (first, null);
        var second = await _guests.ReferenceAsync("reference-2", cancel).ConfigureAwait(false);
        return (first with { Findings = second.Findings }, Difference(first.Touches, second.Touches));
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
        var queue = new SweepQueue(points);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        await Task.WhenAll(Enumerable.Range(0, Math.Min(_request.Jobs, points.Count)).Select(_ => Task.Run(WorkAsync, CancellationToken.None))).ConfigureAwait(false);

        async Task WorkAsync()
        {
            try
            {
                while (GoesOn(over.Token) && queue.Next() is { } point)
                    if (await TryAsync(point, over.Token).ConfigureAwait(false)) queue.Favour(point);
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

    // True when the driver came to lines that nothing had brought it to.
    async Task<bool> TryAsync(SweepPoint point, CancellationToken cancel)
    {
        var started = Stopwatch.GetTimestamp();
        var (result, run) = await _guests.StrikeAsync([point], cancel).ConfigureAwait(false);
        var outcome = result.Result;
        if (outcome == SweepOutcome.Found && result.Findings.Any(IsNew) && !cancel.IsCancellationRequested && !await _guests.ShowsAgainAsync([point], result.Findings, cancel).ConfigureAwait(false))
            outcome = SweepOutcome.Unsteady;
        if (cancel.IsCancellationRequested) return false;
        Add(new SweepResult(point.Text, outcome, Stopwatch.GetElapsedTime(started).TotalSeconds, outcome == SweepOutcome.Found ? result.Findings : [],
            outcome is SweepOutcome.Broken or SweepOutcome.Unsteady ? result.Verdict.Reason : null, run));
        return _lines.Add(result.Lines);
    }

    bool IsNew(SweepFinding finding)
    {
        lock (_lock) return finding.NeedsConfirming && !_fingerprints.Contains(finding.Fingerprint);
    }

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
        => new(_request, _guests.Kernel, reference.Touches, points, _journal.Known, reference.Findings, reference.Remarks, difference, Stopwatch.GetElapsedTime(_started).TotalSeconds, _played) { Lines = _lines.Summary };
}
