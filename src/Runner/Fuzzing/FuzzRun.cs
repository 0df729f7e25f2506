using System.Diagnostics;
using Understudy.Boards;
using Understudy.Runner.Suites;
using Understudy.Runner.Sweeps;
using Understudy.Toolchain;

namespace Understudy.Runner.Fuzzing;

/// <summary>Has a test's device lie, a few lies at once and never twice the same, and goes on from those that bring the driver somewhere new.
/// The oracles are those of a sweep.</summary>
public sealed class FuzzRun
{
    const string Corpus = "corpus";

    readonly StruckGuests _guests;
    readonly SweepRequest _request;
    readonly IFuzzObserver _observer;
    readonly FuzzCorpus _corpus;
    readonly FuzzMutator _mutator;
    readonly Lock _lock = new();
    readonly Dictionary<string, FuzzFinding?> _found = [];
    readonly long _started = Stopwatch.GetTimestamp();
    int _cases, _broken;

    FuzzRun(StruckGuests guests, IFuzzObserver observer)
    {
        (_guests, _request, _observer) = (guests, guests.Request, observer);
        (_corpus, _mutator) = (new FuzzCorpus(Path.Combine(_request.Output, Corpus), _request.Test), new FuzzMutator(_request.Test));
    }

    /// <summary>Fuzzes until the budget is spent or it is cancelled; with rules in the request, strikes once with all of them together.</summary>
    /// <exception cref="IOException">The output directory cannot be used.</exception>
    /// <exception cref="ToolchainException">The kernel, or what boots it, is not here and cannot be fetched.</exception>
    /// <exception cref="LabFailedException">The reference cannot be run, or is skipped.</exception>
    /// <exception cref="FormatException">A rule, of the request or the corpus, is wrong or names no device of the test.</exception>
    public static async Task<FuzzSummary> PlayAsync(Toolbox toolbox, SweepRequest request, IFuzzObserver observer, CancellationToken cancel = default)
    {
        if (request.Test.Settings.Devices.Count == 0) throw new FormatException($"{request.Test.FullName} has no devices: it is devices that lie");
        List<SweepPoint> asked = [.. request.Rules.Select(rule => SweepPoint.Parse(rule, request.Test))];
        FaultsFile.Check(request.Rules, request.Test with { Faults = [] });
        var lab = await Lab.OpenAsync(toolbox, new LabRequest(request.Kernel, request.Modules, request.Board), cancel).ConfigureAwait(false);
        Directory.CreateDirectory(request.Output);
        return await new FuzzRun(new StruckGuests(request, lab), observer).PlayAsync(asked, cancel).ConfigureAwait(false);
    }

    async Task<FuzzSummary> PlayAsync(List<SweepPoint> asked, CancellationToken cancel)
    {
        var earlier = _corpus.Earlier();
        var reference = await _guests.ReferenceAsync("reference", cancel).ConfigureAwait(false);
        if (reference.Findings.Count > 0) return Summary(reference);
        _corpus.Add([], reference);
        if (asked.Count > 0) await TryAsync(asked, cancel).ConfigureAwait(false);
        else await PlayAsync(new Queue<IReadOnlyList<SweepPoint>>(earlier), cancel).ConfigureAwait(false);
        return Summary(reference);
    }

    async Task PlayAsync(Queue<IReadOnlyList<SweepPoint>> earlier, CancellationToken cancel)
    {
        var number = 0;
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        await Task.WhenAll(Enumerable.Range(0, _request.Jobs).Select(_ => Task.Run(WorkAsync, CancellationToken.None))).ConfigureAwait(false);

        async Task WorkAsync()
        {
            try
            {
                while (!over.IsCancellationRequested && !(_request.Budget is { } budget && Stopwatch.GetElapsedTime(_started) > budget))
                    await TryAsync(Next(), over.Token).ConfigureAwait(false);
            }
            catch
            {
                await over.CancelAsync().ConfigureAwait(false);
                throw;
            }
        }

        IReadOnlyList<SweepPoint> Next()
        {
            lock (_lock)
                if (earlier.TryDequeue(out var known)) return known;
            var random = new Random(unchecked(_request.Seed * 1_000_003 + Interlocked.Increment(ref number)));
            var parent = _corpus.Pick(random);
            return _mutator.Next(parent.Points, parent.Touches, random);
        }
    }

    async Task TryAsync(IReadOnlyList<SweepPoint> points, CancellationToken cancel)
    {
        var (result, run) = await _guests.StrikeAsync(points, cancel).ConfigureAwait(false);
        if (cancel.IsCancellationRequested) return;
        if (result.Result == SweepOutcome.Broken) Interlocked.Increment(ref _broken);
        else _corpus.Add(points, result);
        foreach (var finding in result.Findings.Where(finding => result.Result == SweepOutcome.Found && IsFirst(finding))) await KeepAsync(points, finding, run!, cancel).ConfigureAwait(false);
        lock (_lock) _observer.Tried(++_cases, _corpus.Count, _corpus.Features);
    }

    bool IsFirst(SweepFinding finding)
    {
        lock (_lock) return _found.TryAdd(finding.Fingerprint, null);
    }

    // A finding of one run may be chance, one of four faults three too many.
    async Task KeepAsync(IReadOnlyList<SweepPoint> points, SweepFinding finding, string run, CancellationToken cancel)
    {
        if (!await _guests.ShowsAgainAsync(points, [finding], cancel).ConfigureAwait(false))
        {
            lock (_lock) _found.Remove(finding.Fingerprint);
            return;
        }
        for (var i = points.Count - 1; i >= 0 && points.Count > 1 && !cancel.IsCancellationRequested; i--)
        {
            List<SweepPoint> fewer = [.. points.Where((_, index) => index != i)];
            if (await _guests.ShowsAgainAsync(fewer, [finding], cancel).ConfigureAwait(false)) points = fewer;
        }
        var kept = new FuzzFinding(finding, [.. points.Select(point => point.Text)], SweepSummary.Reproduce(_request, points), run);
        lock (_lock)
        {
            _found[finding.Fingerprint] = kept;
            _observer.Found(kept);
        }
    }

    FuzzSummary Summary(FaultedResult reference)
        => new(_request, _guests.Kernel, reference.Findings, [.. _found.Values.OfType<FuzzFinding>()], _cases, _broken, _corpus.Count, _corpus.Features, Stopwatch.GetElapsedTime(_started).TotalSeconds);
}
