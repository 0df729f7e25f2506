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

    /// <summary>Its steps, in order.</summary>
    public IReadOnlyList<StepRecord> Steps { get; init; } = [];

    /// <summary>Its findings that fail a run (<see cref="Finding.Counts"/>), by title.</summary>
    public IReadOnlyList<string> Findings { get; init; } = [];

    /// <summary>Test and cell together, and which repeat: unlike that of any other run of a matrix.</summary>
    public string Name => (Cell.Length == 0 ? Test : $"{Test} [{Cell}]") + (Repeat == 0 ? "" : $" #{Repeat}");

    internal static SummaryRun Of(RunRecord run, string folder) =>
        new(run.Info.Test ?? run.Info.Title, run.Info.Cell ?? run.Info.Kernel?.Name ?? run.Info.Board ?? "", run.Info.Repeat,
            Path.GetRelativePath(folder, run.Path).Replace(Path.DirectorySeparatorChar, '/'), run.Info, run.Verdict,
            run.EndedSeconds ?? run.Steps.Select(s => s.EndedSeconds ?? s.StartedSeconds).DefaultIfEmpty(0).Max())
        {
            Steps = run.Steps,
            Findings = [.. run.Findings.Where(f => f.Counts).Select(f => f.Title)],
        };
}
