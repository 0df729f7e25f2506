namespace Understudy.Runner.Sweeps;

/// <summary>What came of one fault.</summary>
public enum SweepOutcome
{
    /// <summary>The driver survived it, and worked again afterwards.</summary>
    Survived,

    /// <summary>The driver did not: there are findings.</summary>
    Found,

    /// <summary>Something took too long or went wrong afterwards once, and not when the same fault was tried again.</summary>
    Unsteady,

    /// <summary>The run never came to the place.</summary>
    NotReached,

    /// <summary>The lab failed, twice: nothing is known.</summary>
    Broken,
}
