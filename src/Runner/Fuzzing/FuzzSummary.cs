using Understudy.Runner.Sweeps;
using Understudy.Verdict;

namespace Understudy.Runner.Fuzzing;

/// <summary>What fuzzing came to.</summary>
/// <param name="Request">What was asked for.</param>
/// <param name="Kernel">The kernel's name and release.</param>
/// <param name="Reference">What the reference complained of, with no fault at all; empty when it ran well.</param>
/// <param name="Findings">What was found, each once.</param>
/// <param name="Cases">Cases tried.</param>
/// <param name="Broken">Of those, cases the lab failed.</param>
/// <param name="Kept">Cases that showed something new.</param>
/// <param name="Features">What all have shown.</param>
/// <param name="Seconds">Host time.</param>
public sealed record FuzzSummary(
    SweepRequest Request, string Kernel, IReadOnlyList<SweepFinding> Reference, IReadOnlyList<FuzzFinding> Findings, int Cases, int Broken, int Kept, int Features, double Seconds)
{
    /// <summary>1 when something was found, 3 when the lab failed every time, else 0.</summary>
    public int ExitCode => Reference.Count > 0 || Findings.Count > 0 ? Verdict.ExitCode.Of(Outcome.Fail)
        : Cases > 0 && Broken == Cases ? Verdict.ExitCode.Of(Outcome.Broken) : Verdict.ExitCode.Of(Outcome.Pass);
}
