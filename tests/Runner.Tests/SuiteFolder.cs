namespace Understudy.Runner.Tests;

/// <summary>A directory of suites made for one test, and gone after it.</summary>
sealed class SuiteFolder : IDisposable
{
    const UnixFileMode Executable = (UnixFileMode)0b111_101_101;

    public string Path { get; } = Directory.CreateTempSubdirectory("understudy-suite-").FullName;

    public string this[string name] => System.IO.Path.Combine(Path, name);

    /// <summary>Writes a file that is executable when it is a script.</summary>
    public SuiteFolder With(string name, string text, bool executable = true)
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(this[name])!);
        File.WriteAllText(this[name], text);
        if (executable && text.StartsWith("#!", StringComparison.Ordinal)) File.SetUnixFileMode(this[name], Executable);
        return this;
    }

    /// <summary>Writes a test that passes, with its settings.</summary>
    public SuiteFolder WithTest(string name, string settings = "") => With($"{name}/test.yaml", settings).With($"{name}/run", "#!/bin/sh\nexit 0\n");

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
