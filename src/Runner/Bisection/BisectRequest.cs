using Understudy.Build;
using Understudy.Runner.Suites;

namespace Understudy.Runner.Bisection;

/// <summary>What to look for, and where.</summary>
/// <param name="Repository">The history: of a module's sources, or of a kernel.</param>
/// <param name="Good">A commit at which the test passes.</param>
/// <param name="Bad">A commit at which it fails.</param>
/// <param name="Test">The suite with the one test; the test is today's at every commit, only what it tests is the commit's.</param>
/// <param name="Output">The directory that will hold the runs, one directory a commit.</param>
public sealed record BisectRequest(GitRepository Repository, string Good, string Bad, TestSuite Test, string Output)
{
    /// <summary>The kernel to run on, where the repository is not a kernel's; null for the newest.</summary>
    public string? Kernel { get; init; }

    /// <summary>How a kernel is built at each commit, where the repository is one's; its source is not looked at.</summary>
    public KernelRecipe? Recipe { get; init; }

    /// <summary>How often the first bad commit must fail before it is believed.</summary>
    public int Confirmations { get; init; } = 3;
}
