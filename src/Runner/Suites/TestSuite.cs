namespace Understudy.Runner.Suites;

/// <summary>A directory of tests.</summary>
/// <param name="Name">Its name: the directory's.</param>
/// <param name="Directory">Where it is, an absolute path.</param>
/// <param name="Tests">Its tests, by name.</param>
public sealed record TestSuite(string Name, string Directory, IReadOnlyList<SuiteTest> Tests);
