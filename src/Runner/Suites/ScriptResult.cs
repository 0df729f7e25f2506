using Understudy.Verdict;

namespace Understudy.Runner.Suites;

/// <summary>How an executable ended.</summary>
/// <param name="ExitCode">Null when a signal ended it.</param>
/// <param name="Signal">The signal, or null.</param>
/// <param name="Said">The last line of its standard output that says something; empty for none.</param>
/// <param name="Tail">The last it wrote, for a message.</param>
sealed record ScriptResult(int? ExitCode, int? Signal, string Said, IReadOnlyList<string> Tail)
{
    /// <summary>The results it reported on its standard output: KTAP, TAP, kselftest, LTP, JUnit.</summary>
    public IReadOnlyList<SubResult> Results { get; init; } = [];

    /// <summary>It was killed when its time was over; then this is what the guest was doing.</summary>
    public IReadOnlyList<string>? Overran { get; init; }
}
