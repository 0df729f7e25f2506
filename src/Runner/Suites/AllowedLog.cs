using System.Text.RegularExpressions;
using Understudy.Verdict;

namespace Understudy.Runner.Suites;

/// <summary>A complaint of the kernel that does not fail a test.</summary>
/// <param name="Pattern">Found in the finding's title or one of its lines.</param>
/// <param name="Reason">Why it may be there.</param>
public sealed record AllowedLog(Regex Pattern, string Reason)
{
    /// <summary>Whether it speaks of this finding.</summary>
    public bool Covers(Finding finding) => Pattern.IsMatch(finding.Title) || finding.Lines.Any(Pattern.IsMatch);
}
