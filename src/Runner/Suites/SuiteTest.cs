namespace Understudy.Runner.Suites;

/// <summary>A test of a suite, whatever it is written in.</summary>
/// <param name="Suite">Name of its suite.</param>
/// <param name="Name">Its own name.</param>
/// <param name="SuitePath">What names its suite on a command line: an absolute path.</param>
/// <param name="Path">What tells it from every other test on this machine: begins with an absolute path.</param>
/// <param name="Settings">What it says of itself.</param>
public abstract record SuiteTest(string Suite, string Name, string SuitePath, string Path, TestSettings Settings)
{
    /// <summary>Its name among all others: <c>rtl8111/link</c>.</summary>
    public string FullName => $"{Suite}/{Name}";

    /// <summary>The files and directories it is made of, as absolute paths: its own, and what it has built.</summary>
    public virtual IReadOnlyList<string> Sources => [SuitePath, .. Settings.Modules.Where(module => module.IsPath).Select(module => module.Name), .. Settings.Programs.Where(program => !Build.ProgramBuilder.IsSelftest(program)), .. Settings.Disk is { } disk ? new[] { disk.Path } : []];
}
