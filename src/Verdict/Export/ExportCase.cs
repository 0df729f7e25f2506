namespace Understudy.Verdict.Export;

/// <summary>One result as other tools count them: a step of a run, a result that a test reported, or the judgement over the run.</summary>
sealed record ExportCase(string Name, Outcome Outcome, string? Reason, IReadOnlyList<string> Lines, double StartedSeconds, double Seconds)
{
    /// <summary>What a run consists of. Where the steps do not tell what the run came to, the judgement is a case of its own.</summary>
    public static IReadOnlyList<ExportCase> Of(SummaryRun run)
    {
        List<ExportCase> cases = [.. run.Steps.SelectMany(Of)];
        // What a run that is well was expected to come to, nobody has to look at.
        if (run.Outcome is Outcome.Pass or Outcome.XFail) cases = [.. cases.Select(c => c.Outcome.IsGood() ? c : c with { Outcome = Outcome.XFail })];
        var outcome = run.Outcome ?? Outcome.Broken;
        if (Outcomes.Worst(cases.Select(c => c.Outcome)) != outcome)
            cases.Add(new("verdict", outcome, Why(run), run.Verdict?.Evidence ?? [], run.Seconds, 0));
        return cases;
    }

    public static string? Why(SummaryRun run) =>
        run.Verdict is null ? "no verdict: the run was cut short" : run.Verdict.Outcome == Outcome.Pass ? null : run.Verdict.Reason;

    static IEnumerable<ExportCase> Of(StepRecord step)
    {
        var took = (step.EndedSeconds ?? step.StartedSeconds) - step.StartedSeconds;
        var results = step.Results ?? [];
        foreach (var result in results)
            yield return new($"{step.Name}/{result.Name}", result.Outcome, result.Reason, result.Lines, step.StartedSeconds, 0);
        var outcome = step.Outcome ?? Outcome.Broken;
        if (results.Count > 0 && Outcomes.Worst(results.Select(r => r.Outcome)) == outcome) yield break;
        yield return new(step.Name, outcome, step.Outcome is null ? "did not end" : step.Detail, step.Lines, step.StartedSeconds, took);
    }
}
