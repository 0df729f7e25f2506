namespace Understudy.Runner.Bisection;

/// <summary>What a walk through a history found.</summary>
/// <param name="FirstBad">The first bad commit, or null when those that could not be tested hide it.</param>
/// <param name="Description">The first bad commit, described; empty when there is none.</param>
/// <param name="Candidates">Where it is hidden: the commits it may be.</param>
/// <param name="Confirmed">How often it failed when it was run again.</param>
/// <param name="Runs">How often it was run again.</param>
/// <param name="Tried">All that was tried, in its order.</param>
public sealed record BisectResult(string? FirstBad, string Description, IReadOnlyList<string> Candidates, int Confirmed, int Runs, IReadOnlyList<CommitVerdict> Tried);
