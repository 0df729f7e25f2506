namespace Understudy.Verdict;

/// <summary>The judgement over one run.</summary>
/// <param name="Outcome">What it comes to.</param>
/// <param name="Reason">One sentence, fit for a terminal line.</param>
/// <param name="Evidence">The lines that prove it, most telling first; empty for a plain pass.</param>
public sealed record RunVerdict(Outcome Outcome, string Reason, IReadOnlyList<string> Evidence)
{
    /// <summary>The exit code that stands for this verdict.</summary>
    public int ExitCode() => Verdict.ExitCode.Of(Outcome);

    /// <summary>For a terminal: <c>pass</c>, or <c>fail: WARNING in rtl8169_interrupt</c>.</summary>
    public override string ToString() => Outcome == Outcome.Pass ? "pass" : $"{Outcome.ToString().ToLowerInvariant()}: {Reason}";
}
