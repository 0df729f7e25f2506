namespace Understudy.Verdict;

/// <summary>Judges a run by what is proven, the strongest proof first.</summary>
public static class VerdictEngine
{
    const int MostEvidence = 40;

    /// <summary>
    /// A kernel or device finding that is an error fails the run even when all steps passed, and even when it took agent or machine
    /// with it; so does a signal that the kernel died. A model that crashed before that is the cause of what followed, and breaks it.
    /// Without such a cause a lab fault breaks it, whatever the steps made of that. Then other signals, steps (a failure before an
    /// unexpected pass before an error of the test), expected failures, passes, skips.
    /// </summary>
    /// <param name="steps">All steps, in order.</param>
    /// <param name="findings">All findings, in the order they were made.</param>
    /// <param name="signals">All signals, in the order they came.</param>
    public static RunVerdict Decide(IReadOnlyList<StepRecord> steps, IReadOnlyList<Finding> findings, IReadOnlyList<RunSignal> signals) =>
        ByEarlierCrash(findings, signals)
        ?? ByFinding(findings, signals)
        ?? BySignal(signals, s => s.IsKernelDeath)
        ?? ByLabFault(steps, findings, signals)
        ?? BySignal(signals, _ => true)
        ?? ByStep(steps)
        ?? WithoutComplaint(steps);

    // What a driver does on a card whose model has just crashed says nothing about the driver.
    static RunVerdict? ByEarlierCrash(IReadOnlyList<Finding> findings, IReadOnlyList<RunSignal> signals)
    {
        var errors = findings.Where(f => f.Counts).ToList();
        if (errors.FirstOrDefault(f => f.Source == FindingSource.Lab) is not { } crash) return null;
        return errors.All(f => f.Time >= crash.Time) && signals.All(s => s.Time >= crash.Time)
            ? Verdict(Outcome.Broken, crash.Title, [.. crash.Lines, .. errors.Where(f => f != crash).Select(Describe), .. signals.Select(Describe)])
            : null;
    }

    static RunVerdict? ByFinding(IReadOnlyList<Finding> findings, IReadOnlyList<RunSignal> signals)
    {
        var causes = findings.Where(f => f.Counts && f.Source is not (FindingSource.Lab or FindingSource.Agent))
            .OrderBy(f => f.Time).ToList();
        if (causes.Count == 0) return null;
        var reason = causes[0].Title + (causes.Count > 1 ? $" (first of {causes.Count} findings)" : "");
        return Verdict(Outcome.Fail, reason, [.. causes[0].Lines, .. causes.Skip(1).Select(Describe), .. signals.Select(Describe)]);
    }

    static RunVerdict? ByLabFault(IReadOnlyList<StepRecord> steps, IReadOnlyList<Finding> findings, IReadOnlyList<RunSignal> signals)
    {
        if (signals.FirstOrDefault(s => s.IsLabFault) is { } signal)
            return Verdict(Outcome.Broken, signal.Text, [.. signal.Lines, .. signals.Where(s => s != signal).Select(Describe)]);
        if (findings.FirstOrDefault(f => f.Counts) is { } finding)
            return Verdict(Outcome.Broken, finding.Title, finding.Lines);
        if (steps.FirstOrDefault(s => s.Outcome == Outcome.Broken) is { } step)
            return Verdict(Outcome.Broken, Describe(step), step.Lines);
        return null;
    }

    static RunVerdict? BySignal(IReadOnlyList<RunSignal> signals, Func<RunSignal, bool> counts) =>
        signals.FirstOrDefault(counts) is { } signal
            ? Verdict(Outcome.Fail, signal.Text, [.. signal.Lines, .. signals.Where(s => s != signal).Select(Describe)])
            : null;

    static RunVerdict? ByStep(IReadOnlyList<StepRecord> steps)
    {
        foreach (var outcome in (Outcome[])[Outcome.Fail, Outcome.XPass, Outcome.Error])
        {
            if (steps.FirstOrDefault(s => s.Outcome == outcome) is not { } bad) continue;
            var others = steps.Count(s => s.Outcome == outcome) - 1;
            return Verdict(outcome, Describe(bad) + (others > 0 ? $" (and {others} more)" : ""), bad.Lines);
        }
        return steps.FirstOrDefault(s => s.Outcome is null) is { } open
            ? Verdict(Outcome.Broken, $"the run stopped in the middle of step '{open.Name}'", open.Lines)
            : null;
    }

    static RunVerdict WithoutComplaint(IReadOnlyList<StepRecord> steps)
    {
        if (steps.Count == 0) return Verdict(Outcome.Broken, "no step ran", []);
        if (steps.FirstOrDefault(s => s.Outcome == Outcome.XFail) is { } expected)
            return Verdict(Outcome.XFail, Describe(expected), expected.Lines);
        var passed = steps.Count(s => s.Outcome == Outcome.Pass);
        if (passed > 0) return Verdict(Outcome.Pass, passed == 1 ? "1 step passed" : $"{passed} steps passed", []);
        var reasons = steps.Select(s => s.Lines is [var line, ..] ? line : s.Detail ?? s.Name).Distinct().ToList();
        return Verdict(Outcome.Skip, string.Join("; ", reasons), [.. steps.Select(Describe)]);
    }

    static string Describe(StepRecord step) => step.Detail is null ? $"step '{step.Name}'" : $"step '{step.Name}': {step.Detail}";

    static string Describe(Finding finding) => $"{finding.Time:F3} s: {finding.Title}";

    static string Describe(RunSignal signal) => $"{signal.Time:F3} s: {signal.Text}";

    static RunVerdict Verdict(Outcome outcome, string reason, IReadOnlyList<string> evidence) =>
        new(outcome, reason, Some(evidence));

    static IReadOnlyList<string> Some(IReadOnlyList<string> lines) =>
        lines.Count <= MostEvidence ? lines : [.. lines.Take(MostEvidence), $"... {lines.Count - MostEvidence} more lines"];
}
