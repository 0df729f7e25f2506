namespace Understudy.Verdict;

/// <summary>One result that a test reported in its own output.</summary>
/// <param name="Name">Its name; those of the tests around it stand before it, separated by <c>/</c>.</param>
/// <param name="Outcome">How it went; never <see cref="Outcome.Broken"/>: a test cannot know that of the lab.</param>
/// <param name="Reason">Why it was skipped or failed, or what else its line said; null when it said nothing.</param>
/// <param name="Lines">What it printed about itself, cut to a bounded number.</param>
public sealed record SubResult(string Name, Outcome Outcome, string? Reason, IReadOnlyList<string> Lines);
