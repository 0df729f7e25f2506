using System.Text;

namespace Understudy.Runner.Suites;

/// <summary>Reads the driver tests of a project in C#, which it builds, or of a test program that is built already.</summary>
static class CodeSuites
{
    static readonly TimeSpan s_buildLimit = TimeSpan.FromMinutes(10), s_listLimit = TimeSpan.FromMinutes(2);

    static readonly Dictionary<string, string> s_quiet = new() { ["DOTNET_NOLOGO"] = "1", ["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1" };

    /// <summary>Whether a path names such a program: a project, a directory that holds one, an assembly.</summary>
    public static bool Has(string path) => Directory.Exists(path)
        ? Directory.EnumerateFiles(path, "*.csproj").Any()
        : File.Exists(path) && Path.GetExtension(path) is ".csproj" or ".dll";

    /// <summary>Reads it; what is wrong is added to the problems.</summary>
    public static TestSuite? Read(string path, List<SuiteProblem> problems)
    {
        try
        {
            var full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
            var assembly = Path.GetExtension(full) == ".dll" ? full : Build(full);
            return Tests(full, assembly, problems);
        }
        catch (Exception wrong) when (wrong is TestErrorException or IOException)
        {
            problems.Add(new SuiteProblem(path, 0, "", wrong.Message));
            return null;
        }
    }

    static string Build(string project)
    {
        if (Directory.Exists(project) && Directory.GetFiles(project, "*.csproj") is { Length: > 1 } several)
            throw new TestErrorException($"there are several projects here; name one of {string.Join(", ", several.Select(Path.GetFileName))}");
        Dotnet(s_buildLimit, "it does not build", "build", project, "-c", "Release", "-nologo", "-v", "quiet");
        return Dotnet(s_buildLimit, "it does not say what it builds", "msbuild", project, "-nologo", "-p:Configuration=Release", "-getProperty:TargetPath").Trim();
    }

    static TestSuite? Tests(string path, string assembly, List<SuiteProblem> problems)
    {
        var list = Path.GetTempFileName();
        try
        {
            var environment = new Dictionary<string, string>(s_quiet) { [CodeVariables.List] = list, [CodeVariables.Kernel] = "", [CodeVariables.Board] = "" };
            Dotnet(s_listLimit, "it does not say what tests it has", environment, assembly, "-automated", "-list", "discovery");
            var entries = CodeTestEntry.ReadFrom(list);
            if (entries.Count == 0) throw new TestErrorException("there are no tests of drivers here: methods with [DriverTest], in a project that references Understudy.Testing");
            var name = Path.GetFileNameWithoutExtension(assembly);
            problems.AddRange(entries.Where(entry => entry.Problem is not null).Select(entry => new SuiteProblem(path, 0, entry.Name, entry.Problem!)));
            return new TestSuite(name, path, [.. Named(entries).OrderBy(test => test.Name, StringComparer.Ordinal).Select(test => Test(test.Name, test.Entry))]);

            CodeTest Test(string test, CodeTestEntry entry) => new(name, test, path, assembly, entry.Class, entry.Method, new TestSettings
            {
                Description = entry.Description, Tags = entry.Tags, Timeout = TimeSpan.FromSeconds(entry.TimeoutSeconds), CannotRun = entry.Skip,
            });
        }
        catch (InvalidDataException torn)
        {
            throw new TestErrorException(torn.Message);
        }
        finally
        {
            File.Delete(list);
        }
    }

    // Two classes of one name in different namespaces are told apart by these.
    static IEnumerable<(string Name, CodeTestEntry Entry)> Named(IReadOnlyList<CodeTestEntry> entries) => entries.GroupBy(entry => entry.Name)
        .SelectMany(same => same.Count() == 1 ? same.Select(entry => (entry.Name, entry)) : same.Select(entry => ($"{entry.Class}.{entry.Method}", entry)));

    static string Dotnet(TimeSpan limit, string wrong, params IReadOnlyList<string> arguments) => Dotnet(limit, wrong, s_quiet, arguments);

    static string Dotnet(TimeSpan limit, string wrong, IReadOnlyDictionary<string, string> environment, params IReadOnlyList<string> arguments)
    {
        var ending = TestProgram.RunAsync(arguments, environment, limit, CancellationToken.None).GetAwaiter().GetResult();
        var said = Encoding.UTF8.GetString(ending.Stdout);
        if (ending.ExitCode == 0) return said;
        var how = ending.ExitCode is { } code ? FormattableString.Invariant($"exit code {code}") : FormattableString.Invariant($"still running after {limit.TotalSeconds} s");
        throw new TestErrorException($"{wrong} ('dotnet {string.Join(' ', arguments)}': {how}): {Last(said + Encoding.UTF8.GetString(ending.Stderr))}");
    }

    static string Last(string said)
    {
        var lines = said.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        var errors = lines.Where(line => line.Contains("error", StringComparison.OrdinalIgnoreCase)).Distinct().ToList();
        return string.Join('\n', (errors.Count > 0 ? errors : [.. lines]).TakeLast(10));
    }
}
