namespace Understudy.Verdict;

/// <summary>Judges a run by what is proven, the strongest proof first.</summary>
public static class VerdictEngine
{
    const int MostEvidence = 40;

    /// <summary>
    /// A kernel or device finding that is an error fails the run even when all steps passed, and even when it took agent or machine
    /// with it, unless the lab had broken before. Without such a cause a lab fault breaks it, whatever the steps made of that. Then signals, steps, skips.
    /// </summary>
    /// <param name="steps">All steps, in order.</param>
    /// <param name="findings">All findings, in the order they were made.</param>
    /// <param name="signals">All signals, in the order they came.</param>
    public static RunVerdict Decide(IReadOnlyList<StepRecord> steps, IReadOnlyList<Finding> findings, IReadOnlyList<RunSignal> signals) =>
        ByFinding(findings, signals)
        ?? ByLabFault(steps, findings, signals)
        ?? BySignal(signals)
        ?? ByStep(steps)
        ?? WithoutComplaint(steps);

    static RunVerdict? ByFinding(IReadOnlyList<Finding> findings, IReadOnlyList<RunSignal> signals)
    {
        var causes = findings.Where(f => f.Severity >= Severity.Error && f.Source is not (FindingSource.Lab or FindingSource.Agent))
            .OrderBy(f => f.Time).ToList();
        // What a driver does on a card whose model has just crashed says nothing about the driver.
        if (causes.Count == 0 || findings.Any(f => f is { Severity: >= Severity.Error, Source: FindingSource.Lab } && f.Time <= causes[0].Time)) return null;
        var reason = causes[0].Title + (causes.Count > 1 ? $" (first of {causes.Count} findings)" : "");
        return Verdict(Outcome.Fail, reason, [.. causes[0].Lines, .. causes.Skip(1).Select(Describe), .. signals.Select(Describe)]);
    }

    static RunVerdict? ByLabFault(IReadOnlyList<StepRecord> steps, IReadOnlyList<Finding> findings, IReadOnlyList<RunSignal> signals)
    {
        if (signals.FirstOrDefault(s => s.IsLabFault) is { } signal)
            return Verdict(Outcome.Broken, signal.Text, [.. signal.Lines, .. signals.Where(s => s != signal).Select(Describe)]);
        if (findings.FirstOrDefault(f => f.Severity >= Severity.Error) is { } finding)
            return Verdict(Outcome.Broken, finding.Title, finding.Lines);
        if (steps.FirstOrDefault(s => s.Outcome == Outcome.Broken) is { } step)
            return Verdict(Outcome.Broken, Describe(step), step.Lines);
        return null;
    }

    static RunVerdict? BySignal(IReadOnlyList<RunSignal> signals) =>
        signals is [var signal, ..] ? Verdict(Outcome.Fail, signal.Text, signal.Lines) : null;

    static RunVerdict? ByStep(IReadOnlyList<StepRecord> steps)
    {
        if (steps.FirstOrDefault(s => s.Outcome == Outcome.Fail) is { } failed)
        {
            var others = steps.Count(s => s.Outcome == Outcome.Fail) - 1;
            return Verdict(Outcome.Fail, Describe(failed) + (others > 0 ? $" (and {others} more)" : ""), failed.Lines);
        }
        return steps.FirstOrDefault(s => s.Outcome is null) is { } open
            ? Verdict(Outcome.Broken, $"the run stopped in the middle of step '{open.Name}'", open.Lines)
            : null;
    }

    static RunVerdict WithoutComplaint(IReadOnlyList<StepRecord> steps)
    {
        if (steps.Count == 0) return Verdict(Outcome.Broken, "no step ran", []);
        if (steps.Any(s => s.Outcome == Outcome.Pass)) return Verdict(Outcome.Pass, $"{steps.Count(s => s.Outcome == Outcome.Pass)} steps passed", []);
        var reasons = steps.Select(s => s.Lines is [var line, ..] ? line : s.Detail ?? s.Name).Distinct().ToList();
        return Verdict(Outcome.Skip, string.Join("; ", reasons), [.. steps.Select(Describe)]);
    }

    static string Describe(StepRecord step) => step.Detail is null ? $"step '{step.Name}'" : $"step '{step.Name}': {step.Detail}";

    static string Describe(Finding finding) => $"{finding.Time:F3} s: {finding.Title}";

    static string Describe(RunSignal signal) => $"{signal.Time:F3} s: {signal.Text}";

    static RunVerdict Verdict(Outcome outcome, string reason, IReadOnlyList<string> evidence) =>
        new(outcome, reason, evidence.Count <= MostEvidence ? evidence : [.. evidence.Take(MostEvidence), $"... {evidence.Count - MostEvidence} more lines"]);
}
