using Understudy.Boards;
using Understudy.Build;
using Understudy.Toolchain;
using YamlDotNet.Core;

namespace Understudy.Runner.Suites;

/// <summary>Reads <c>suite.yaml</c> and <c>test.yaml</c>.</summary>
static class SettingsFile
{
    // What decides on which boards a test can run.
    static readonly string[] s_ofBoards = ["boards", "needs", "cpus", "kernel-arguments", "qemu-arguments", "iommu", "time"];

    // All keys there are: what each does with its value.
    static readonly Dictionary<string, Func<TestSettings, SettingValue, TestSettings>> s_keys = new()
    {
        ["description"] = (settings, value) => settings with { Description = value.Text() },
        ["devices"] = (settings, value) => settings with { Devices = Distinct(value, value.List(PlannedDevice.Parse)) },
        ["modules"] = (settings, value) => settings with { Modules = value.List(text => PlannedModule.Parse(text).From(value.Directory)) },
        ["more-modules"] = (settings, value) => settings with { MoreModules = value.Texts() },
        ["programs"] = (settings, value) => settings with { Programs = value.List(text => Program(text, value.Directory)) },
        ["kernel"] = (settings, value) => settings with { Kernel = Kernel(value) },
        ["boards"] = (settings, value) => settings with { Boards = Known(value, BoardCatalog.Names, "board") },
        ["needs"] = (settings, value) => settings with { Needs = [.. Known(value, BoardTraits.Words.Keys, "ability of a board").Select(word => BoardTraits.Words[word])] },
        ["cpus"] = (settings, value) => settings with { Cpus = value.Number(1, 64) },
        ["memory"] = (settings, value) => settings with { MemoryMebibytes = value.Mebibytes() },
        ["iommu"] = (settings, value) => settings with { Iommu = value.Word<GuestIommu>() },
        ["time"] = (settings, value) => settings with { Time = value.Word<GuestTime>() },
        ["kernel-arguments"] = (settings, value) => settings with { KernelArguments = value.Arguments() },
        ["qemu-arguments"] = (settings, value) => settings with { QemuArguments = value.Arguments() },
        ["timeout"] = (settings, value) => settings with { Timeout = value.Duration() },
        ["expect-failure"] = (settings, value) => settings with { ExpectedFailure = value.Reason("expected to fail") },
        ["expect-finding"] = (settings, value) => settings with { ExpectedFindings = value.List(SettingValue.Pattern) },
        ["leak-check"] = (settings, value) => settings with { LeakCheck = value.Number(10, 1000) },
        ["expect-log"] = (settings, value) => settings with { ExpectedLog = value.List(SettingValue.Pattern) },
        ["allow-log"] = (settings, value) => settings with { AllowedLog = value.Allowed() },
        ["allow-check"] = (settings, value) => settings with { AllowedChecks = value.AllowedChecks() },
        ["strict-bus"] = (settings, value) => settings with { StrictBus = value.Flag() },
        ["skip-if"] = (settings, value) => settings with { SkipIf = value.Texts() },
        ["tags"] = (settings, value) => settings with { Tags = value.Texts() },
    };

    /// <summary>Reads a file over what is already set; without one, that stays.</summary>
    public static TestSettings Read(string file, TestSettings settings, List<SuiteProblem> problems)
    {
        if (!Path.Exists(file)) return settings;
        try
        {
            var documents = YamlFile.Read(file);
            if (documents.Count == 0) return settings;
            if (documents.Count > 1) throw new SettingException((int)documents[1].RootNode.Start.Line, "expected one document, not several");
            var lines = new Dictionary<string, int>();
            foreach (var (key, value) in new SettingValue(documents[0].RootNode, Path.GetDirectoryName(Path.GetFullPath(file))!).Entries())
            {
                lines[key] = value.Line;
                settings = Apply(file, settings, key, value, problems);
            }
            CheckBoards(file, settings, lines, problems);
        }
        catch (YamlException wrong)
        {
            problems.Add(new SuiteProblem(file, (int)wrong.Start.Line, "", $"this is not YAML: {wrong.Message}"));
        }
        catch (SettingException wrong)
        {
            problems.Add(new SuiteProblem(file, wrong.Line, "", wrong.Message));
        }
        catch (Exception wrong) when (wrong is IOException or UnauthorizedAccessException)
        {
            problems.Add(new SuiteProblem(file, 0, "", wrong.Message));
        }
        return settings;
    }

    static string Program(string text, string directory)
    {
        if (ProgramBuilder.IsSelftest(text)) return text;
        var path = Path.GetFullPath(text, directory);
        return Directory.Exists(path) || (File.Exists(path) && Path.GetExtension(path) == ".c") ? path
            : throw new FormatException($"expected the path of a C file or of a directory with a C# project, or kselftest:7.2/vfio, and at {path} is neither; a path begins at the directory of this file");
    }

    static TestSettings Apply(string file, TestSettings settings, string key, SettingValue value, List<SuiteProblem> problems)
    {
        try
        {
            if (s_keys.TryGetValue(key, out var apply)) return apply(settings, value);
            problems.Add(new SuiteProblem(file, value.Line, key, $"there is no such key; did you mean '{Nearest.To(key, s_keys.Keys)[0]}'? There is {string.Join(", ", s_keys.Keys)}"));
        }
        catch (SettingException wrong)
        {
            problems.Add(new SuiteProblem(file, wrong.Line, key, wrong.Message));
        }
        return settings;
    }

    // A test that no board could ever run is no skip, but a mistake.
    static void CheckBoards(string file, TestSettings settings, Dictionary<string, int> lines, List<SuiteProblem> problems)
    {
        if (settings.Boards.Count == 0 || s_ofBoards.FirstOrDefault(lines.ContainsKey) is not { } key) return;
        var lacks = settings.Boards.Select(board => settings.Needed.Select(need => (Board: board, Need: need, Why: BoardCatalog.Find(board).Traits.WhyNot(need))).FirstOrDefault(lack => lack.Why is not null)).ToList();
        if (lacks.All(lack => lack.Why is not null))
            problems.Add(new SuiteProblem(file, lines[key], key, $"this leaves no board: {string.Join("; ", lacks.Select(lack => $"the test needs {BoardTraits.Word(lack.Need)}, and {lack.Board} has {lack.Why}"))}. Name a board that can, or none"));
    }

    static IReadOnlyList<string> Known(SettingValue value, IEnumerable<string> names, string what)
        => value.Texts().FirstOrDefault(word => !names.Contains(word)) is { } unknown
            ? throw new SettingException(value.Line, $"there is no {what} '{unknown}'; did you mean '{Nearest.To(unknown, names)[0]}'? There is {string.Join(", ", names)}")
            : value.Texts();

    static KernelConstraint Kernel(SettingValue value)
    {
        try
        {
            return KernelConstraint.Parse(value.Texts());
        }
        catch (FormatException wrong)
        {
            throw new SettingException(value.Line, wrong.Message);
        }
    }

    static IReadOnlyList<PlannedDevice> Distinct(SettingValue value, IReadOnlyList<PlannedDevice> devices)
        => devices.GroupBy(device => device.Name).FirstOrDefault(group => group.Count() > 1) is { } twice
            ? throw new SettingException(value.Line, $"two devices are named '{twice.Key}'; write 'rtl8111 as nic2'")
            : devices;
}
