namespace Understudy.Testing;

/// <summary>The driver or the kernel failed: an expectation was not met, or the verdict over the run is a failure although all were.</summary>
/// <param name="message">What was expected and what was seen.</param>
/// <param name="cause">What the test's method threw; null where it threw nothing.</param>
public sealed class DriverFailedException(string message, Exception? cause = null) : Exception(message), IAssertionException
{
    /// <summary>Where the test's method threw; else where this was thrown.</summary>
    public override string? StackTrace => cause?.StackTrace ?? base.StackTrace;
}
