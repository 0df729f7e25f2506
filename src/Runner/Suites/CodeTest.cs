namespace Understudy.Runner.Suites;

/// <summary>A test that is a method in C#, in a test program that <c>Understudy.Testing</c> and xUnit make one of.</summary>
/// <param name="Suite">Name of its suite: the program's.</param>
/// <param name="Name">Its own name: class and method.</param>
/// <param name="SuitePath">The project, or the built assembly, as an absolute path.</param>
/// <param name="Assembly">The built assembly, an absolute path.</param>
/// <param name="Class">Its class, with its namespace.</param>
/// <param name="Method">Its method.</param>
/// <param name="Settings">What must be known of it before it runs: description, tags, timeout, and why it cannot be run. The rest it knows itself.</param>
public sealed record CodeTest(string Suite, string Name, string SuitePath, string Assembly, string Class, string Method, TestSettings Settings)
    : SuiteTest(Suite, Name, SuitePath, $"{Assembly}:{Class}.{Method}", Settings)
{
    /// <inheritdoc/>
    public override IReadOnlyList<string> Sources => [Directory.Exists(SuitePath) ? SuitePath : System.IO.Path.GetDirectoryName(SuitePath)!, .. base.Sources.Skip(1)];
}
