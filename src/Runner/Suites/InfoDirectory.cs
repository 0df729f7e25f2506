using Understudy.Boards;

namespace Understudy.Runner.Suites;

/// <summary>Reads <c>info/</c>, where Igalia's suites and tests keep one value a file: <c>description</c>, <c>disk-image</c>,
/// <c>kernel</c>, <c>qemu</c>, <c>qemu-args</c>, <c>timeout</c>, <c>expect-failure</c>. Paths in them begin at the suite's or the test's
/// directory.</summary>
static class InfoDirectory
{
    public const string Name = "info";

    static readonly Dictionary<string, Func<TestSettings, string, string, TestSettings>> s_files = new()
    {
        ["description"] = (settings, value, _) => settings with { Description = value },
        ["disk-image"] = (settings, value, directory) => settings with { Disk = DiskImage.Open(Path.GetFullPath(Filled(value, "the path of a disk image, raw or qcow2"), directory)) },
        ["kernel"] = (settings, value, directory) => settings with { KernelImage = PathOrName(Filled(value, "the path of a kernel image, or a name that 'understudy kernels' lists"), directory) },
        ["qemu"] = (settings, value, directory) => settings with { Qemu = PathOrName(Filled(value, "the path of a qemu-system-x86_64, or the name of one on the PATH"), directory) },
        ["qemu-args"] = (settings, value, _) => settings with { QemuArguments = [.. settings.QemuArguments, .. value.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)] },
        ["expect-failure"] = (settings, value, _) => settings with { ExpectedFailure = value is "0" or "false" or "no" ? null : value is "" or "1" or "true" or "yes" ? "expected to fail" : value },
        ["timeout"] = (settings, value, _) => settings with { Timeout = SettingValue.ParseDuration(value) ?? throw new FormatException($"expected seconds, or a time such as 30s or 2m, not '{value}'") },
    };

    /// <summary>Reads a suite's or a test's values over what is already set. A guest of theirs has a shared folder.</summary>
    public static TestSettings Read(string directory, TestSettings settings, List<SuiteProblem> problems)
    {
        var info = Path.Combine(directory, Name);
        if (!Directory.Exists(info)) return settings;
        settings = settings with { SharedFolder = true };
        foreach (var file in Directory.EnumerateFiles(info).Order(StringComparer.Ordinal))
        {
            if (!s_files.TryGetValue(Path.GetFileName(file), out var apply)) continue;
            try
            {
                settings = apply(settings, File.ReadAllText(file).Trim(), directory);
            }
            catch (Exception wrong) when (wrong is FormatException or IOException or UnauthorizedAccessException)
            {
                problems.Add(new SuiteProblem(file, 1, Path.GetFileName(file), wrong.Message));
            }
        }
        return settings;
    }

    /// <summary>Where a test's value is from: its own file, or its suite's; null where neither is there.</summary>
    public static string? Origin(SuiteTest test, string name)
        => test is not DirectoryTest own ? null : new[] { own.Directory, own.SuiteDirectory }.Select(directory => Path.Combine(directory, Name, name)).FirstOrDefault(File.Exists);

    static string Filled(string value, string expected) => value.Length > 0 && !value.Contains('\n', StringComparison.Ordinal) ? value : throw new FormatException($"expected {expected}, in one line");

    // What is neither a path nor a file here is looked up when the test is to run, unless the user names another.
    static string PathOrName(string value, string directory)
        => Path.GetFullPath(value, directory) is var path && (value.Contains('/', StringComparison.Ordinal) || File.Exists(path)) ? path : value;
}
