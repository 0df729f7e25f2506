namespace Understudy.Verdict;

/// <summary>One step of a run. A step that has begun and not ended has neither end nor outcome.</summary>
/// <param name="Index">Its place in the run, from 0.</param>
/// <param name="Name">What it does, in a few words.</param>
/// <param name="Detail">What came of it or what it works on, for the same line of a terminal.</param>
/// <param name="StartedSeconds">Host seconds since the run's start.</param>
/// <param name="EndedSeconds">Host seconds since the run's start; null while it runs.</param>
/// <param name="Outcome">Null while it runs.</param>
/// <param name="Lines">What it has to show: output of a command, the reason of a failure or a skip.</param>
public sealed record StepRecord(
    int Index, string Name, string? Detail, double StartedSeconds, double? EndedSeconds, Outcome? Outcome, IReadOnlyList<string> Lines)
{
    /// <summary>The results found in a test's own output; null where none were looked for.</summary>
    public IReadOnlyList<SubResult>? Results { get; init; }
}
