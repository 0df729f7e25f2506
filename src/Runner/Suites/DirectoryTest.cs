using Understudy.Pci;

namespace Understudy.Runner.Suites;

/// <summary>A test that is a directory: <c>run</c>, and beside it what it needs.</summary>
/// <param name="Suite">Name of its suite.</param>
/// <param name="Name">Its own name: the directory's.</param>
/// <param name="SuiteDirectory">Where its suite is, an absolute path.</param>
/// <param name="Directory">Where it is, an absolute path.</param>
/// <param name="Settings">What it says of itself.</param>
public sealed record DirectoryTest(string Suite, string Name, string SuiteDirectory, string Directory, TestSettings Settings)
    : SuiteTest(Suite, Name, SuiteDirectory, Directory, Settings)
{
    /// <summary>Faults that begin just before <c>run</c>, each with the device it strikes.</summary>
    public IReadOnlyList<(string Device, FaultRule Rule)> Faults { get; init; } = [];

    /// <inheritdoc/>
    public override IReadOnlyList<string> Sources => [Directory, .. OfSuite.Select(name => System.IO.Path.Combine(SuiteDirectory, name)), .. base.Sources.Skip(1)];

    // Of the suite's directory only what all its tests share: the other tests are there too.
    static string[] OfSuite => ["suite.yaml", "setup", "teardown", "data", InfoDirectory.Name];
}
