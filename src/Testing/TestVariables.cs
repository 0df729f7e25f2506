using System.Globalization;
using Understudy.Boards;
using Understudy.Runner.Suites;

namespace Understudy.Testing;

/// <summary>What a person or <c>understudy run</c> says to a test program by its environment.</summary>
static class TestVariables
{
    static readonly string s_output = Get(CodeVariables.Output) ?? Path.Combine(AppContext.BaseDirectory, "runs",
        string.Create(CultureInfo.InvariantCulture, $"run-{DateTime.Now:yyyyMMdd-HHmmss-fff}-{Environment.ProcessId}"));

    static readonly Lock s_lock = new();
    static readonly HashSet<string> s_directories = [];

    /// <summary>The file to tell tests to, where that is all that is wanted.</summary>
    public static string? List => Get(CodeVariables.List);

    /// <summary>The board to run on.</summary>
    public static string Board => Get(CodeVariables.Board) ?? BoardCatalog.Default;

    /// <summary>The kernels to run on.</summary>
    public static IReadOnlyList<string> Kernels => Get(CodeVariables.Kernel) is { } names
        ? [.. names.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Distinct()] : [BoardCatalog.Find(Board).Kernel];

    /// <summary>The modules directory of a kernel that is given by its path.</summary>
    public static string? Modules => Get(CodeVariables.Modules);

    /// <summary>Where there are kernels and modules with debug information.</summary>
    public static string? Symbols => Get(CodeVariables.Symbols);

    /// <summary>A guest's memory is kept when its kernel dies or hangs.</summary>
    public static bool DumpsMemory => Get(CodeVariables.DumpMemory) is not null;

    /// <summary>Seed of everything random.</summary>
    public static int Seed => Number(CodeVariables.Seed, 1);

    /// <summary>Faults that begin when a rig is up.</summary>
    public static IReadOnlyList<string> Faults => Get(CodeVariables.Faults)?.Split('\n', StringSplitOptions.RemoveEmptyEntries) ?? [];

    /// <summary>Which of several repetitions; 0 for a single run.</summary>
    public static int Repeat => Number(CodeVariables.Repeat, 0);

    /// <summary>How guests come up.</summary>
    public static GuestStart Start => string.Equals(Get(CodeVariables.Start), nameof(GuestStart.Cold), StringComparison.OrdinalIgnoreCase) ? GuestStart.Cold : GuestStart.Restored;

    /// <summary>Whose time guests live in; null leaves it to the tests.</summary>
    public static GuestTime? Time => Enum.TryParse<GuestTime>(Get(CodeVariables.Time), ignoreCase: true, out var time) ? time : null;

    /// <summary>Devices are recorded.</summary>
    public static bool Record => Get(CodeVariables.Record) == "1";

    /// <summary>The command that does it again, where somebody knows better than we.</summary>
    public static string? Command => Get(CodeVariables.Command);

    /// <summary>Where run directories go when nobody says exactly where; null when somebody does.</summary>
    public static string? Output => Get(CodeVariables.Run) is null ? s_output : null;

    /// <summary>The run directory for a run of this name.</summary>
    public static string RunDirectory(string run)
    {
        if (Get(CodeVariables.Run) is { } exactly) return exactly;
        var plain = string.Concat(run.Select(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_' or '@' ? c : '-')).TrimStart('.');
        lock (s_lock)
        {
            var name = plain;
            for (var number = 2; !s_directories.Add(name); number++) name = string.Create(CultureInfo.InvariantCulture, $"{plain}.{number}");
            return Path.Combine(s_output, name);
        }
    }

    static int Number(string name, int otherwise) => int.TryParse(Get(name), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : otherwise;

    static string? Get(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}
