namespace Understudy.Runner.Sweeps;

/// <summary>One fault of the driver, and all the faults of the device that bring it out.</summary>
/// <param name="Finding">What it is.</param>
/// <param name="Results">The points that show it, the smallest first: legal before hostile, early before late.</param>
public sealed record SweepGroup(SweepFinding Finding, IReadOnlyList<SweepResult> Results)
{
    /// <summary>The smallest fault that shows it.</summary>
    public SweepResult Smallest => Results[0];
}
