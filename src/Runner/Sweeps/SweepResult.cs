namespace Understudy.Runner.Sweeps;

/// <summary>What came of one point of a sweep: a line of its journal.</summary>
/// <param name="Rule">The fault, the device named.</param>
/// <param name="Outcome">What came of it.</param>
/// <param name="Seconds">Host time it took.</param>
/// <param name="Findings">What it brought out.</param>
/// <param name="Detail">Why nothing is known, where nothing is.</param>
/// <param name="Run">The run directory, relative to the sweep's; kept for findings and broken runs only.</param>
public sealed record SweepResult(string Rule, SweepOutcome Outcome, double Seconds, IReadOnlyList<SweepFinding> Findings, string? Detail = null, string? Run = null);
