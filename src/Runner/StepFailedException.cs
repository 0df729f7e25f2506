namespace Understudy.Runner;

/// <summary>A step did not see what it had to see: the driver or the kernel failed.</summary>
/// <param name="reason">What was expected and what was seen.</param>
/// <param name="lines">What there is to show for it.</param>
public sealed class StepFailedException(string reason, IReadOnlyList<string>? lines = null) : Exception(reason)
{
    /// <summary>What there is to show for it.</summary>
    public IReadOnlyList<string> Lines { get; } = lines ?? [];
}
