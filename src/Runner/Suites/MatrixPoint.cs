namespace Understudy.Runner.Suites;

/// <summary>One place of a matrix: a kernel on a board, and what tests there are given instead of what they ask for.</summary>
/// <param name="Name">Its name, the same each time: <c>debian:6.12,cpus=2</c>.</param>
/// <param name="Matrix">The file it is from, an absolute path.</param>
/// <param name="Kernel">The kernel, as a command line names it.</param>
/// <param name="Board">The board, by its name in the catalog.</param>
public sealed record MatrixPoint(string Name, string Matrix, string Kernel, string Board)
{
    /// <summary>Devices that take the place of those of the same name.</summary>
    public IReadOnlyList<PlannedDevice> Devices { get; init; } = [];

    /// <summary>Virtual CPUs; null for what the test asks for.</summary>
    public int? Cpus { get; init; }

    /// <summary>Guest memory, in MiB; null for what the test asks for.</summary>
    public int? MemoryMebibytes { get; init; }

    /// <summary>Parameters of modules, in place of those that the test gives them.</summary>
    public IReadOnlyDictionary<string, string> ModuleParameters { get; init; } = new Dictionary<string, string>();

    /// <summary>Parameters of modules, behind those that the test gives them: of one that is there twice, the kernel takes the last.</summary>
    public IReadOnlyDictionary<string, string> AddedParameters { get; init; } = new Dictionary<string, string>();

    /// <summary>The command line that runs the point with all its tests; null where <c>understudy run --matrix</c> does.</summary>
    public string? Command { get; init; }

    /// <summary>What a test is run with here.</summary>
    public TestSettings For(SuiteTest test)
    {
        ArgumentNullException.ThrowIfNull(test);
        var settings = test.Settings with
        {
            Devices = [.. test.Settings.Devices.Select(device => Devices.FirstOrDefault(other => other.Name == device.Name) ?? device)],
            Modules = [.. test.Settings.Modules.Select(With)],
            Cpus = Cpus ?? test.Settings.Cpus, MemoryMebibytes = MemoryMebibytes ?? test.Settings.MemoryMebibytes,
        };
        // What a test in C# asks for, it says when it runs: nothing here could take its place.
        return test is CodeTest && (Devices.Count > 0 || Cpus is not null || MemoryMebibytes is not null || ModuleParameters.Count > 0 || AddedParameters.Count > 0)
            ? settings with { CannotRun = "a test in C# chooses its devices, CPUs, memory and modules itself; a matrix gives it kernels and boards" } : settings;
    }

    PlannedModule With(PlannedModule module)
    {
        var parameters = ModuleParameters.GetValueOrDefault(module.PlainName) ?? module.Parameters;
        return module with { Parameters = $"{parameters} {AddedParameters.GetValueOrDefault(module.PlainName)}".Trim() };
    }
}
