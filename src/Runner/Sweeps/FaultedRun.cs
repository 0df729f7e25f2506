using Understudy.Pci;
using Understudy.Runner.Suites;
using Understudy.Verdict;

namespace Understudy.Runner.Sweeps;

/// <summary>One guest of a sweep: the test's modules and body under faults, the modules unloaded; then the faults are over, and loading, the
/// body and unloading must all be well again. Without a fault it is a reference.</summary>
sealed class FaultedRun : IRunObserver, IAsyncDisposable
{
    const string Again = "again-";

    readonly SweepRequest _request;
    readonly IReadOnlyList<SweepPoint> _points;
    readonly TimeSpan _limit;
    readonly TestRun _run;
    readonly List<(string Step, int[] First)> _marks = [];
    IReadOnlyList<SweepTouch> _touches = [];
    GuestScripts? _scripts;
    bool _struck;

    FaultedRun(SweepRequest request, IReadOnlyList<SweepPoint> points, Lab lab, TimeSpan limit, string directory, string command)
    {
        (_request, _points, _limit) = (request, points, limit);
        var settings = request.Test.Settings with { Timeout = limit };
        var plan = new TestPlan(request.Test.FullName, lab.Kernel.Name, settings, command) { Name = points.Count == 0 ? "reference" : string.Join("; ", points.Select(point => point.Text)), Seed = request.Seed, Start = request.Start, Silence = limit };
        _run = TestRun.Begin(plan, directory, this);
        _run.Run.ReportsPass = points.Count == 0;
    }

    /// <summary>Plays it.</summary>
    /// <exception cref="IOException">The run directory cannot be made.</exception>
    public static async Task<FaultedResult> PlayAsync(SweepRequest request, IReadOnlyList<SweepPoint> points, Lab lab, TimeSpan limit, string directory, string command, CancellationToken cancel)
    {
        await using var faulted = new FaultedRun(request, points, lab, limit, directory, command);
        return await faulted.PlayAsync(lab, cancel).ConfigureAwait(false);
    }

    public ValueTask DisposeAsync() => _run.DisposeAsync();

    void IRunObserver.Began(StepRecord step) => _marks.Add((step.Name, [.. _run.Devices.Select(device => device.Faults.Touches.Count)]));

    void IRunObserver.Ended(StepRecord step)
    {
    }

    void IRunObserver.Says(string text)
    {
    }

    async Task<FaultedResult> PlayAsync(Lab lab, CancellationToken cancel)
    {
        var test = _request.Test;
        var prepared = await _run.PrepareAsync(_ => Task.FromResult(lab), async (guest, stop) =>
        {
            await TestFiles.PushAsync(test, guest, stop).ConfigureAwait(false);
            Arm();
        }, cancel).ConfigureAwait(false);
        if (_run.Devices.Count > 0 && _marks.Exists(mark => mark.Step == "modules") | prepared)
        {
            var scripts = _scripts = new GuestScripts(_run.Machine, _run.Run.Directory, _run.Storage, _request.Seed, test.Settings.Modules, () => { });
            if (prepared) await new TestSequence(test, scripts, _run.Run).PlayAsync(cancel).ConfigureAwait(false);
            if (!scripts.IsLost) await _run.UnloadAsync("unload", cancel).ConfigureAwait(false);
            Heal();
            if (!scripts.IsLost && HasNotHung) await RecoverAsync(test, scripts, cancel).ConfigureAwait(false);
        }
        if (_scripts is not { IsLost: true }) await _run.ReadLogAsync(cancel).ConfigureAwait(false);
        var verdict = await _run.ConcludeAsync(Judge).ConfigureAwait(false);
        return new FaultedResult(_touches, _struck, Findings(), Remarks(), verdict, _run.Run.Directory.Steps, LineCoverage.In(_run.Run.Directory.Path));
    }

    void Arm()
    {
        foreach (var device in _run.Devices)
        {
            device.Faults.CountTouches = true;
            foreach (var point in PointsOf(device)) device.Faults.Add(point.Rule);
        }
    }

    IEnumerable<SweepPoint> PointsOf(PluggedDevice device) => _points.Where(point => point.Touch.Device == device.Device.Name);

    // A card that was pulled comes back as after power on; its place on the bus stays configured, as the machine left it.
    void Heal()
    {
        _touches = [.. _run.Devices.SelectMany((device, index) =>
            SweepTouch.From(device.Device.Name, device.Faults.Touches, [.. _marks.Select(mark => (mark.Step, mark.First.ElementAtOrDefault(index)))]))];
        foreach (var device in _run.Devices)
        {
            device.Faults.Clear();
            device.Faults.CountTouches = false;
            _struck |= device.Faults.Tallies.Any(tally => tally.Struck > 0);
            if (PointsOf(device).Any(point => point.Rule.Effect.Kind is FaultKind.Remove or FaultKind.LinkDown))
                device.Faults.Add(FaultRule.Parse("access * nth=1 -> reset"));
        }
    }

    async Task RecoverAsync(DirectoryTest test, GuestScripts scripts, CancellationToken cancel)
    {
        if (await _run.LoadAsync($"{Again}modules", evenAfterFailure: true, cancel).ConfigureAwait(false))
            await new TestSequence(test, scripts, _run.Run, Again).PlayAsync(cancel).ConfigureAwait(false);
        if (!scripts.IsLost) await _run.UnloadAsync($"{Again}unload", cancel).ConfigureAwait(false);
    }

    RunVerdict Judge(RunVerdict verdict)
    {
        if (verdict.Outcome == Outcome.Broken && Hang() is null) return verdict;
        return Findings() is [var first, ..] findings
            ? new RunVerdict(Outcome.Fail, first.Title + (findings.Count > 1 ? $" (first of {findings.Count} findings)" : ""), first.Lines)
            : new RunVerdict(Outcome.Pass, _points.Count == 0 ? "the reference ran well" : "the driver survived the fault, and worked again after it", []);
    }

    // What the kernel or the bus complains of is the cause of a hang and of what fails afterwards; it alone is told. A device that has just
    // forgotten where its rings are, because it reset itself, goes astray on its own account.
    List<SweepFinding> Findings()
    {
        var complaints = _run.Run.Findings.Where(finding => finding.Severity >= Severity.Error && finding.Source != FindingSource.Agent
            && !(finding.Source == FindingSource.Device && _points.Any(point => point.Rule.Effect.Kind == FaultKind.Reset)))
            .Select(New).DistinctBy(finding => finding.Fingerprint).ToList();
        if (complaints.Count > 0) return complaints;
        return (Hang() ?? NoRecovery()) is { } other ? [other] : [];
    }

    IReadOnlyList<SweepFinding> Remarks() => [.. _run.Run.Findings.Where(finding => finding is { Severity: Severity.Warning, Source: FindingSource.Device }).Select(New).DistinctBy(finding => finding.Fingerprint)];

    bool HasNotHung => Hang() is null;

    // A script that waits for what will not come any more can be killed, and is no hang; one in the driver's hands cannot, and holds the driver.
    SweepFinding? Hang()
    {
        var isHeld = _scripts is { IsLost: true } || _run.Run.Directory.Steps.Any(step => step.Name == "unload" && step.Outcome == Outcome.Fail);
        var step = _run.Run.Directory.Steps.FirstOrDefault(step => step.Outcome == Outcome.Fail && step.EndedSeconds - step.StartedSeconds >= _limit.TotalSeconds
            && (isHeld || step.Name.EndsWith("modules", StringComparison.Ordinal) || step.Name.EndsWith("unload", StringComparison.Ordinal)));
        if (step is not null) return Hang($"hang in step '{step.Name}'", step.Lines);
        return _run.Run.FellSilent && _run.Run.Directory.Steps[^1] is var last ? Hang($"hang in step '{last.Name}': the guest gives no sign of life", last.Lines) : null;
    }

    static SweepFinding Hang(string title, IReadOnlyList<string> lines)
        => StuckTask.In(lines) is var (function, ordered) && function is not null ? New("hang", $"{title}, in {function}", ordered) : New("hang", title, lines);

    // In a reference every step counts, and where something only comes late; in other struck runs those after the fault.
    SweepFinding? NoRecovery()
    {
        var bad = _run.Run.Directory.Steps.FirstOrDefault(step => step.Outcome is Outcome.Fail or Outcome.Error && (_points.All(IsMerelyLate) || step.Name.StartsWith(Again, StringComparison.Ordinal) || step.Name == "unload"));
        if (bad is null) return null;
        return _points.Count == 0 ? New("test", $"without any fault, step '{bad.Name}' fails: {bad.Detail}", bad.Lines)
            : bad.Name == "unload" ? New("unload", $"the driver does not unload: {bad.Detail}", bad.Lines)
            : !bad.Name.StartsWith(Again, StringComparison.Ordinal) ? New("test", $"with nothing but a delay, step '{bad.Name}' fails: {bad.Detail}", bad.Lines)
            : New("recovery", $"no recovery: with the fault over, step '{bad.Name[Again.Length..]}' fails: {bad.Detail}", bad.Lines);
    }

    // Later than usual, and sooner than any driver's patience ends: PCI Express promises no time, so the test itself must pass.
    static bool IsMerelyLate(SweepPoint point) => point.Rule.Effect is { Kind: FaultKind.Jitter } or { Kind: FaultKind.Delay, Value: <= 10_000 };

    static SweepFinding New(Finding finding) => new(finding.Fingerprint, finding.Source == FindingSource.Lab ? "model" : finding.Rule, finding.Title, finding.Lines);

    static SweepFinding New(string kind, string title, IReadOnlyList<string> lines)
        => new(new Finding(0, FindingSource.Device, kind, title, Severity.Error, lines).Fingerprint, kind, title, lines);
}
