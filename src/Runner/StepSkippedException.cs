namespace Understudy.Runner;

/// <summary>A step cannot be run here, and nobody is to blame.</summary>
/// <param name="reason">Why.</param>
public sealed class StepSkippedException(string reason) : Exception(reason);
