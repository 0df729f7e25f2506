namespace Understudy.Testing;

/// <summary>The test itself is broken. Nothing is said about the driver.</summary>
/// <param name="message">What is wrong with it.</param>
/// <param name="cause">What the test's method threw; null where it threw nothing.</param>
public sealed class TestBrokenException(string message, Exception? cause = null) : Exception(message)
{
    /// <summary>Where the test's method threw; else where this was thrown.</summary>
    public override string? StackTrace => cause?.StackTrace ?? base.StackTrace;
}
