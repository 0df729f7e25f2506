using Understudy.Runner.Sweeps;

namespace Understudy.Runner.Fuzzing;

/// <summary>What the driver did not survive, and the fewest faults that show it.</summary>
/// <param name="Finding">What it was.</param>
/// <param name="Rules">The faults, each with its device.</param>
/// <param name="Reproduce">The command line that strikes with them once more.</param>
/// <param name="Run">The run directory, relative to the output.</param>
public sealed record FuzzFinding(SweepFinding Finding, IReadOnlyList<string> Rules, string Reproduce, string Run);
