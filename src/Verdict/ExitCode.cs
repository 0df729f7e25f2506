namespace Understudy.Verdict;

/// <summary>What the process returns to its caller.</summary>
public static class ExitCode
{
    /// <summary>The run passed, failed as it was expected to, or was skipped with a reason.</summary>
    public const int Pass = 0;

    /// <summary>The driver or the kernel failed, or passed where a failure was expected.</summary>
    public const int Fail = 1;

    /// <summary>The command line was wrong; nothing ran.</summary>
    public const int Usage = 2;

    /// <summary>The lab failed.</summary>
    public const int Broken = 3;

    /// <summary>A test itself broke.</summary>
    public const int Error = 4;

    /// <summary>The exit code that stands for an outcome.</summary>
    public static int Of(Outcome outcome) => outcome switch
    {
        Outcome.Pass or Outcome.XFail or Outcome.Skip => Pass,
        Outcome.Fail or Outcome.XPass => Fail,
        Outcome.Broken => Broken,
        Outcome.Error => Error,
        _ => throw new ArgumentOutOfRangeException(nameof(outcome), outcome, "no such outcome"),
    };
}
