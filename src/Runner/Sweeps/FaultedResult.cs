using Understudy.Verdict;

namespace Understudy.Runner.Sweeps;

/// <summary>What one guest of a sweep had to show.</summary>
/// <param name="Touches">Every touch of the bus while the faults were there.</param>
/// <param name="Struck">The fault struck.</param>
/// <param name="Findings">What it brought out.</param>
/// <param name="Remarks">What the bus checks say that proves nothing, but is worth a look.</param>
/// <param name="Verdict">The run's verdict.</param>
/// <param name="Steps">The run's steps.</param>
/// <param name="Lines">Which lines of the driver ran, on a kernel that counts them; null on others, and where the guest could not be asked.</param>
sealed record FaultedResult(
    IReadOnlyList<SweepTouch> Touches, bool Struck, IReadOnlyList<SweepFinding> Findings, IReadOnlyList<SweepFinding> Remarks, RunVerdict Verdict, IReadOnlyList<StepRecord> Steps, LineCoverage? Lines = null)
{
    /// <summary>What it means for the driver.</summary>
    public SweepOutcome Result => Verdict.Outcome == Outcome.Broken ? SweepOutcome.Broken
        : Findings.Count > 0 ? SweepOutcome.Found : Struck ? SweepOutcome.Survived : SweepOutcome.NotReached;
}
