namespace Understudy.Verdict;

/// <summary>One run among many: what it was and came to, without its long files.</summary>
/// <param name="Test">The row: its test, or its title when it is of none.</param>
/// <param name="Cell">The column: on what it ran.</param>
/// <param name="Repeat">Which of several runs of one test on one cell, from 1; 0 when it ran once.</param>
/// <param name="Folder">Its directory, relative to the summary's folder, with <c>/</c>; <c>.</c> when it is that folder.</param>
/// <param name="Info">What ran.</param>
/// <param name="Verdict">Null when the run did not get that far.</param>
/// <param name="Seconds">How long it took, as far as known.</param>
public sealed record SummaryRun(string Test, string Cell, int Repeat, string Folder, RunInfo Info, RunVerdict? Verdict, double Seconds)
{
    /// <summary>Null when the run was cut short, or is still under way.</summary>
    public Outcome? Outcome => Verdict?.Outcome;

    /// <summary>Wall clock at its second 0.</summary>
    public DateTimeOffset StartedUtc => Info.StartedUtc;

    /// <summary>The results that its tests reported in their own output.</summary>
    public IReadOnlyList<SubResult> Results { get; init; } = [];

    /// <summary>The step that was under way when it was cut short, or the last that ended badly.</summary>
    public string? Step { get; init; }

    internal static SummaryRun Of(RunRecord run, string folder) =>
        new(run.Info.Test ?? run.Info.Title, run.Info.Cell ?? run.Info.Kernel?.Name ?? run.Info.Board ?? "", run.Info.Repeat,
            Path.GetRelativePath(folder, run.Path).Replace(Path.DirectorySeparatorChar, '/'), run.Info, run.Verdict,
            run.EndedSeconds ?? run.Steps.Select(s => s.EndedSeconds ?? s.StartedSeconds).DefaultIfEmpty(0).Max())
        {
            Results = [.. run.Steps.SelectMany(s => s.Results ?? [])],
            Step = run.Steps.LastOrDefault(s => s.Outcome?.IsGood() != true)?.Name,
        };
}
