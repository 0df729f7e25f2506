namespace Understudy.Verdict;

/// <summary>All runs of one test on one kernel or variant.</summary>
/// <param name="Test">The row.</param>
/// <param name="Cell">The column.</param>
/// <param name="Runs">At least one.</param>
public sealed record MatrixCell(string Test, string Cell, IReadOnlyList<SummaryRun> Runs)
{
    /// <summary>The worst of its runs; null when none has a verdict yet.</summary>
    public Outcome? Outcome => Outcomes.Worst(Runs.Select(r => r.Outcome).OfType<Outcome>());

    /// <summary>Runs of it ended well and badly: repeating it decides by chance.</summary>
    public bool IsFlaky => Runs.Any(r => r.Outcome?.IsGood() == true) && Runs.Any(r => r.Outcome?.IsGood() == false);

    /// <summary>The run that gave it its outcome; the first one when none has a verdict.</summary>
    public SummaryRun Telling => Runs.FirstOrDefault(r => r.Outcome == Outcome) ?? Runs[0];
}
