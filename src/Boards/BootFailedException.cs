namespace Understudy.Boards;

/// <summary>The kernel did not come up: its fault, or that of what it was given.</summary>
/// <param name="stage">How far it got.</param>
/// <param name="message">What was seen.</param>
public sealed class BootFailedException(BootStage stage, string message) : Exception(message)
{
    /// <summary>How far it got.</summary>
    public BootStage Stage { get; } = stage;
}
