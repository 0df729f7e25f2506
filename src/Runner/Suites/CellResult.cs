using Understudy.Verdict;

namespace Understudy.Runner.Suites;

/// <summary>What a cell came to.</summary>
/// <param name="Cell">The cell.</param>
/// <param name="Verdict">The judgement over it.</param>
/// <param name="Seconds">How long it took, with a first run that broke.</param>
/// <param name="Directory">Its run directory, an absolute path.</param>
/// <param name="FirstBroke">Why the lab failed in its first run, so that it was run once more; null when it was run once.</param>
public sealed record CellResult(TestCell Cell, RunVerdict Verdict, double Seconds, string Directory, string? FirstBroke = null)
{
    /// <summary>How it ended.</summary>
    public Outcome Outcome => Verdict.Outcome;
}
