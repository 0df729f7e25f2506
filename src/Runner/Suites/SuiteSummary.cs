using Understudy.Verdict;

namespace Understudy.Runner.Suites;

/// <summary>What many cells came to.</summary>
/// <param name="Request">What was asked for.</param>
/// <param name="StartedUtc">When it began.</param>
/// <param name="Seconds">How long it took.</param>
/// <param name="Results">What has run, in the order of the plan.</param>
/// <param name="NotRun">Cells of the plan that have not run to their end.</param>
/// <param name="Interrupted">Somebody stopped it.</param>
public sealed record SuiteSummary(SuiteRequest Request, DateTimeOffset StartedUtc, double Seconds, IReadOnlyList<CellResult> Results, int NotRun, bool Interrupted)
{
    /// <summary>The disk under the output directory is full, in words; null while it is not. What is missing after that could not be written.</summary>
    public string? Full { get; init; }

    /// <summary>How many ended so.</summary>
    public int Count(Outcome outcome) => Results.Count(result => result.Outcome == outcome);

    /// <summary>The exit code for all: that of the worst outcome; 3 when it was interrupted or the disk is full, for then
    /// nobody knows of the rest.</summary>
    public int ExitCode => Interrupted || Full is not null ? Verdict.ExitCode.Broken
        : Outcomes.Worst(Results.Select(result => result.Outcome)) is { } worst ? Verdict.ExitCode.Of(worst) : Verdict.ExitCode.Pass;

    /// <summary>In words: <c>7 passed, 1 failed, 1 skipped</c>.</summary>
    public override string ToString()
    {
        (Outcome Outcome, string Word)[] words =
        [
            (Outcome.Pass, "passed"), (Outcome.Fail, "failed"), (Outcome.XPass, "passed unexpectedly"), (Outcome.XFail, "failed as expected"),
            (Outcome.Error, "errors"), (Outcome.Broken, "broken"), (Outcome.Skip, "skipped"),
        ];
        var counts = words.Select(word => (Count: Count(word.Outcome), word.Word)).Where(word => word.Count > 0 || word.Word is "passed" or "failed").Select(word => $"{word.Count} {word.Word}");
        return string.Join(", ", counts) + (NotRun > 0 ? $", {NotRun} not run" : "");
    }
}
