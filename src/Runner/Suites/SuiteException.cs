namespace Understudy.Runner.Suites;

/// <summary>The files of a suite are wrong: nothing was run.</summary>
/// <param name="problems">All that is wrong, in the order it was read.</param>
public sealed class SuiteException(IReadOnlyList<SuiteProblem> problems) : Exception(string.Join('\n', problems))
{
    /// <summary>All that is wrong, in the order it was read.</summary>
    public IReadOnlyList<SuiteProblem> Problems => problems;
}
