namespace Understudy.Runner;

/// <summary>The test itself is broken - it cannot be started, it contradicts itself - and nothing is said about the driver.</summary>
/// <param name="reason">What is wrong with it.</param>
/// <param name="lines">Lines that show it; null for none.</param>
public sealed class TestErrorException(string reason, IReadOnlyList<string>? lines = null) : Exception(reason)
{
    /// <summary>Lines that show what is wrong.</summary>
    public IReadOnlyList<string> Lines { get; } = lines ?? [];
}
