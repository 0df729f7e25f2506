namespace Understudy.Runner.Suites;

/// <summary>Reads suites: directories, in our own layout and Igalia's, and projects in C#, which it builds.</summary>
public static class SuiteReader
{
    const UnixFileMode Executable = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    const string SuiteFile = "suite.yaml", TestFile = "test.yaml", Run = "run";

    // The scripts a suite or a test may bring.
    static readonly string[] s_scripts = ["setup", Run, "teardown"];

    /// <summary>Reads what paths name: suites, single tests, directories of suites, projects and test programs in C#.</summary>
    /// <exception cref="SuiteException">Something is missing or wrong; all of it is told at once.</exception>
    public static IReadOnlyList<TestSuite> Read(params IEnumerable<string> paths)
    {
        var problems = new List<SuiteProblem>();
        var suites = paths.SelectMany(path => ReadPath(path, problems)).ToList();
        return problems.Count == 0 ? Merged(suites) : throw new SuiteException(problems);
    }

    static IReadOnlyList<TestSuite> ReadPath(string path, List<SuiteProblem> problems)
    {
        if (CodeSuites.Has(path)) return CodeSuites.Read(path, problems) is { } program ? [program] : [];
        if (!Directory.Exists(path))
        {
            problems.Add(new SuiteProblem(path, 0, "", File.Exists(path) ? "this is a file; a suite or a test is a directory, or a project (.csproj) or a test program (.dll) in C#" : "there is no such file or directory"));
            return [];
        }
        var directory = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        if (IsTest(directory)) return [ReadSuite(Path.GetDirectoryName(directory)!, [directory], problems)];
        if (IsSuite(directory)) return [ReadSuite(directory, Tests(directory, problems), problems)];
        var below = Children(directory).Where(child => IsSuite(child) || CodeSuites.Has(child)).ToList();
        if (below.Count == 0) problems.Add(new SuiteProblem(path, 0, "", $"there is no suite here: a suite has tests, directories with an executable '{Run}', or is a project in C#"));
        return [.. below.SelectMany(child => CodeSuites.Has(child) ? ReadPath(child, problems) : [ReadSuite(child, Tests(child, problems), problems)])];
    }

    static TestSuite ReadSuite(string directory, IEnumerable<string> tests, List<SuiteProblem> problems)
    {
        var settings = SettingsFile.Read(Path.Combine(directory, SuiteFile), InfoDirectory.Read(directory, new TestSettings(), problems), problems);
        CheckScripts(directory, problems);
        var name = Path.GetFileName(directory);
        // What a suite says of itself is not what each of its tests shows.
        settings = settings with { Description = "" };
        return new TestSuite(name, directory, [.. tests.Select(test => ReadTest(name, directory, test, settings, problems))]);
    }

    static DirectoryTest ReadTest(string suite, string suiteDirectory, string directory, TestSettings defaults, List<SuiteProblem> problems)
    {
        var settings = SettingsFile.Read(Path.Combine(directory, TestFile), InfoDirectory.Read(directory, defaults, problems), problems);
        if (!File.Exists(Path.Combine(directory, Run))) problems.Add(new SuiteProblem(Path.Combine(directory, Run), 0, "", "a test needs this executable, and it is missing"));
        CheckScripts(directory, problems);
        return new DirectoryTest(suite, Path.GetFileName(directory), suiteDirectory, directory, settings) { Faults = FaultsFile.Read(directory, settings.Devices, problems) };
    }

    static void CheckScripts(string directory, List<SuiteProblem> problems)
    {
        foreach (var script in s_scripts.Select(name => Path.Combine(directory, name)).Where(File.Exists))
        {
            if (new FileInfo(script) is { LinkTarget: { } target } && File.ResolveLinkTarget(script, returnFinalTarget: true) is not { Exists: true })
                problems.Add(new SuiteProblem(script, 0, "", $"this is a link to {target}, and nothing is there"));
            else if ((File.GetUnixFileMode(script) & Executable) == 0) problems.Add(new SuiteProblem(script, 0, "", "this must be executable: chmod +x it"));
            else if (new FileInfo(script).Length == 0) problems.Add(new SuiteProblem(script, 0, "", "this is empty; a script begins with '#!/bin/sh'"));
        }
    }

    // One suite named by several of its tests is one suite, each test once.
    static IReadOnlyList<TestSuite> Merged(IReadOnlyList<TestSuite> suites) => [.. suites.GroupBy(suite => suite.Directory)
        .Select(same => same.First() with { Tests = [.. same.SelectMany(suite => suite.Tests).DistinctBy(test => test.Path)] })];

    static bool IsTest(string directory) => !File.Exists(Path.Combine(directory, SuiteFile))
        && (File.Exists(Path.Combine(directory, Run)) || File.Exists(Path.Combine(directory, TestFile)));

    static bool IsSuite(string directory) => File.Exists(Path.Combine(directory, SuiteFile)) || Children(directory).Any(IsTest);

    // A directory beside the tests that has a test's parts without its 'run' is a mistake worth telling.
    static IEnumerable<string> Tests(string suite, List<SuiteProblem> problems)
    {
        // What the name of a directory is made of also goes over terminals and into reports; one that is not UTF-8 cannot be opened.
        problems.AddRange(Children(suite).Where(directory => Path.GetFileName(directory).Any(c => char.IsControl(c) || c == '\uFFFD'))
            .Select(directory => new SuiteProblem(directory, 0, "", "a test's name is its directory's: expected UTF-8 without control characters")));
        return Children(suite).Where(directory => IsTest(directory) || Directory.Exists(Path.Combine(directory, InfoDirectory.Name)) || File.Exists(Path.Combine(directory, FaultsFile.Name)));
    }

    static IEnumerable<string> Children(string directory) => Directory.EnumerateDirectories(directory)
        .Where(child => Path.GetFileName(child) is not (InfoDirectory.Name or "data") && !Path.GetFileName(child).StartsWith('.')).Order(StringComparer.Ordinal);
}
