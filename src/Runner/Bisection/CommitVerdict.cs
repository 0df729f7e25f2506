using Understudy.Verdict;

namespace Understudy.Runner.Bisection;

/// <summary>What a test came to at one commit.</summary>
/// <param name="Commit">The commit.</param>
/// <param name="Description">Short hash, date, author, subject.</param>
/// <param name="Outcome">Pass is good, fail is bad; error and skip say nothing, and the commit is left out.</param>
/// <param name="Reason">Why, in a line.</param>
/// <param name="Left">How many commits may still be the first bad one.</param>
public sealed record CommitVerdict(string Commit, string Description, Outcome Outcome, string Reason, int Left)
{
    /// <summary>good, bad or skip.</summary>
    public string Word => Outcome switch { Outcome.Pass or Outcome.XFail => "good", Outcome.Fail or Outcome.XPass => "bad", _ => "skip" };
}
