namespace Understudy.Verdict;

/// <summary>What the process returns to its caller.</summary>
public static class ExitCode
{
    /// <summary>The run passed, or was skipped with a reason.</summary>
    public const int Pass = 0;

    /// <summary>The driver or the kernel failed.</summary>
    public const int Fail = 1;

    /// <summary>The command line was wrong; nothing ran.</summary>
    public const int Usage = 2;

    /// <summary>The lab failed.</summary>
    public const int Broken = 3;

    /// <summary>The exit code that stands for an outcome.</summary>
    public static int Of(Outcome outcome) => outcome switch
    {
        Outcome.Pass or Outcome.Skip => Pass,
        Outcome.Fail => Fail,
        _ => Broken,
    };
}
