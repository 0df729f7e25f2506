namespace Understudy.Runner.Suites;

/// <summary>One executable of a suite or a test.</summary>
/// <param name="Name">What its step and its files in the run directory are called: <c>suite-setup</c>, <c>run</c>.</param>
/// <param name="Path">Where it is in the guest.</param>
/// <param name="Limit">Host time it may take.</param>
sealed record TestScript(string Name, string Path, TimeSpan Limit);
