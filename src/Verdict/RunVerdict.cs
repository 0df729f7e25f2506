namespace Understudy.Verdict;

/// <summary>The judgement over one run.</summary>
/// <param name="Outcome">What it comes to.</param>
/// <param name="Reason">One sentence, fit for a terminal line.</param>
/// <param name="Evidence">The lines that prove it, most telling first; empty for a plain pass.</param>
public sealed record RunVerdict(Outcome Outcome, string Reason, IReadOnlyList<string> Evidence)
{
    /// <summary>The exit code that stands for this verdict.</summary>
    public int ExitCode() => Verdict.ExitCode.Of(Outcome);

    /// <summary>The same judgement over a test that says it fails: a failure becomes <see cref="Outcome.XFail"/>, a pass
    /// <see cref="Outcome.XPass"/>; what says nothing about the driver stays what it is.</summary>
    /// <param name="why">What the test says about it: a bug number, a kernel version.</param>
    public RunVerdict ExpectedToFail(string why) => Outcome switch
    {
        Outcome.Fail => this with { Outcome = Outcome.XFail, Reason = $"{Reason} (expected: {why})" },
        Outcome.Pass => this with { Outcome = Outcome.XPass, Reason = $"it was expected to fail: {why}" },
        Outcome.Skip or Outcome.Broken or Outcome.XFail or Outcome.XPass or Outcome.Error => this,
        _ => throw new InvalidOperationException($"no such outcome: {Outcome}"),
    };

    /// <summary>For a terminal: <c>pass</c>, or <c>fail: WARNING in rtl8169_interrupt</c>.</summary>
    public override string ToString() => Outcome == Outcome.Pass ? "pass" : $"{Outcome.Word()}: {Reason}";
}
