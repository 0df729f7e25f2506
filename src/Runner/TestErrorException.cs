namespace Understudy.Runner;

/// <summary>The test itself is broken - it cannot be started, it contradicts itself - and nothing is said about the driver.</summary>
/// <param name="reason">What is wrong with it.</param>
public sealed class TestErrorException(string reason) : Exception(reason);
