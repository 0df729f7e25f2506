using System.Text.RegularExpressions;

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

    /// <summary>The same judgement over a run that is to come to findings foretold by their titles: it passes when all of them were made and
    /// nothing else is wrong. After a fatal one, failed steps and signals are what it brought with it, and count for nothing; other findings
    /// count as ever. A signal is foretold by its text, where a run is to end without a word of the kernel.</summary>
    /// <param name="steps">All steps, in order.</param>
    /// <param name="findings">All findings, in the order they were made; those that were foretold are <see cref="Finding.Expected"/>.</param>
    /// <param name="signals">All signals, in the order they came.</param>
    /// <param name="foretold">Regular expressions, each of which a title has to match; without any this is the plain judgement.</param>
    public static RunVerdict Decide(IReadOnlyList<StepRecord> steps, IReadOnlyList<Finding> findings, IReadOnlyList<RunSignal> signals, IReadOnlyList<Regex> foretold)
    {
        // A test that was skipped has done nothing that could be found.
        if (foretold.Count == 0 || steps.Any(s => s.Outcome == Outcome.Skip)) return Decide(steps, findings, signals);
        var ends = signals.Where(s => foretold.Any(title => title.IsMatch(s.Text))).ToList();
        var end = findings.Where(f => f.Expected && f.Severity == Severity.Fatal).Select(f => f.Time).Concat(ends.Select(s => s.Time)).DefaultIfEmpty(double.PositiveInfinity).Min();
        var verdict = Decide([.. steps.Select(s => Excused(s, end))], findings, [.. signals.Where(s => s.Time < end)]);
        if (verdict.Outcome != Outcome.Pass) return verdict;
        string[] titles = [.. findings.Where(f => f.Expected).Select(f => f.Title), .. ends.Select(s => s.Text)];
        var missing = foretold.Where(title => !titles.Any(title.IsMatch)).ToList();
        return missing.Count == 0
            ? Verdict(Outcome.Pass, $"found as expected: {string.Join("; ", titles.Distinct())}", [])
            : Verdict(Outcome.Fail, $"nothing was found that is '{string.Join("', nor '", missing)}'", [.. findings.Select(Describe)]);
    }

    static StepRecord Excused(StepRecord step, double end) =>
        step.Outcome?.IsGood() != true && !(step.EndedSeconds < end) ? step with { Outcome = Outcome.Pass } : step;

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
        return Verdict(Outcome.Fail, reason, [.. causes[0].Lines.Take(1), .. causes[0].Stack ?? [], .. causes[0].Lines.Skip(1), .. causes.Skip(1).Select(Describe), .. signals.Select(Describe)]);
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
