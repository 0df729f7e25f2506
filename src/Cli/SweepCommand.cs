using System.CommandLine;
using System.Globalization;
using Understudy.Boards;
using Understudy.Pci;
using Understudy.Runner.Suites;
using Understudy.Runner.Sweeps;
using Understudy.Toolchain;

namespace Understudy.Cli;

/// <summary><c>understudy sweep</c>: a test under every fault its device could show.</summary>
static class SweepCommand
{
    internal static readonly Argument<string?> Subject = new("TEST") { Description = "One directory test, as for 'run'", Arity = ArgumentArity.ZeroOrOne };
    internal static readonly Option<string> BoardOption = CommandLine.Board();
    internal static readonly Option<string?> KernelOption = new("--kernel") { Description = "Kernel to sweep on; the board's own unless told", HelpName = "NAME|PATH" };
    internal static readonly Option<string?> ModulesOption = CommandLine.Modules();
    internal static readonly Option<string?> ParametersOption = new("--parameters") { Description = "More parameters for the last of the test's modules", HelpName = "'KEY=VALUE ...'" };
    static readonly Option<string?> s_classes = new("--class") { Description = "Only 'legal' faults, which real PCI Express hardware may show, or only 'hostile' ones; both unless told", HelpName = "CLASS" };
    static readonly Option<bool> s_exhaustive = new("--exhaustive") { Description = "Every touch; unless told, one of those that look the same to the driver" };
    internal static readonly Option<string?> TimeOption = CommandLine.Time();
    internal static readonly Option<string?> BudgetOption = new("--budget") { Description = "Stop after so long, the most telling faults first: 90s, 10m, 2h", HelpName = "TIME" };
    internal static readonly Option<string?> LimitOption = new("--limit") { Description = "Time a step may take before the driver counts as hung; five times the reference's, and 15 s, unless told; more for a driver whose own timeouts are longer", HelpName = "TIME" };
    internal static readonly Option<string[]> FaultOption = new("--fault") { Description = "Strike with this fault alone, in place of a sweep: how a finding is reproduced", HelpName = "RULE" };
    static readonly Option<string?> s_seeds = new("--seeds") { Description = "Hunt races in place of a sweep: no fault but that what device and driver post comes late, each by another time, in another way for every seed of 1..N", HelpName = "1..N" };
    static readonly Option<bool> s_planted = new("--planted") { Description = "Sweep a driver with bugs planted in it, a table beside TEST says which, and count how many are found" };
    internal static readonly Option<int> JobsOption = new("--jobs", "-j") { Description = "Guests at once", HelpName = "N", DefaultValueFactory = _ => 1 };
    internal static readonly Option<int> SeedOption = new("--seed") { Description = "Seed of everything random", HelpName = "N", DefaultValueFactory = _ => 1 };
    internal static readonly Option<string?> OutputOption = new("--output") { Description = "Directory for journal, findings and report; that of a sweep that was cut short goes on with it. runs/sweep-TIME unless told", HelpName = "DIR" };
    internal static readonly Option<bool> JsonOption = CommandLine.Json();

    public static Command Create()
    {
        var command = new Verb("sweep",
            "Fail the device of a test at every touch, in every way hardware can fail, each in a fresh guest; then, the fault over, the driver must unload, load and pass the test again. Says what the driver did not survive, with the smallest fault that shows it. Ctrl-C ends early; the same command with --output goes on. docs/faults.md tells what the faults are.",
            """
            understudy sweep suites/rtl8111/up --board uml -j 2
            understudy sweep suites/ditto/copy --board uml --kernel uml/all -j 2 --budget 10m
            understudy sweep suites/rtl8111/up --class legal --kernel debian:6.1
            understudy sweep suites/ditto/copy --board uml --fault 'mmio-read Ditto.Control nth=1 -> remove'
            understudy sweep suites/rtl8111/traffic --board uml --seeds 1..200 -j 2
            understudy sweep --planted --board uml --kernel uml/all -j 2
            """)
        {
            Subject, BoardOption, KernelOption, ModulesOption, ParametersOption, TimeOption, s_classes, s_exhaustive, BudgetOption, LimitOption, FaultOption, s_seeds, s_planted, JobsOption, SeedOption, OutputOption, JsonOption,
        };
        command.SetAction((parsed, cancel) => CommandLine.GuardAsync(parsed.GetValue(JsonOption), () => RunAsync(parsed, cancel)));
        return command;
    }

    static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancel)
    {
        var request = Common(parsed, "sweep", parsed.GetValue(s_planted) ? Path.Combine("suites", "ditto", "copy") : null) with { Classes = Classes(parsed.GetValue(s_classes)), Exhaustive = parsed.GetValue(s_exhaustive) };
        if (Seeds(parsed.GetValue(s_seeds)) is { Count: > 0 } seeds)
        {
            if (request.Rules.Count > 0 || parsed.GetValue(s_planted)) throw new UsageException("--seeds is a sweep of its own: it goes with neither --fault nor --planted");
            request = request with { Rules = [.. seeds.SelectMany(seed => request.Test.Settings.Devices.Select(device => $"{device.Name}: any * -> jitter {seed}"))] };
        }
        var json = parsed.GetValue(JsonOption);
        using var progress = new ProvisionDisplay(quiet: json);
        var display = new SweepDisplay(progress);
        var toolbox = new Toolbox(UnderstudyCache.Open(), progress);
        try
        {
            if (parsed.GetValue(s_planted)) return await PlantedAsync(toolbox, request, display, cancel).ConfigureAwait(false);
            var summary = await SweepRun.PlayAsync(toolbox, request, display, cancel).ConfigureAwait(false);
            display.Summary(summary);
            if (json) CommandLine.Print(SweepDisplay.Json(summary));
            return summary.ExitCode;
        }
        catch (FormatException wrong)
        {
            throw new UsageException(wrong.Message);
        }
    }

    static async Task<int> PlantedAsync(Toolbox toolbox, SweepRequest request, SweepDisplay display, CancellationToken cancel)
    {
        var bugs = PlantedBugs.Read(request.Test);
        var results = await PlantedBugs.SweepAsync(toolbox, request, bugs, display, cancel).ConfigureAwait(false);
        return display.Planted(results, bugs.Count);
    }

    /// <summary>What both the sweep and the fuzzer take.</summary>
    internal static SweepRequest Common(ParseResult parsed, string verb, string? unlessTold)
    {
        if (parsed.GetValue(JobsOption) is < 1 or > 256) throw new UsageException("--jobs takes a number from 1 to 256");
        if (parsed.GetValue(SeedOption) < 0) throw new UsageException("--seed takes a number from 0 on");
        var test = Timed(parsed, Test(parsed, verb, unlessTold));
        var output = parsed.GetValue(OutputOption) ?? Path.Combine("runs", string.Create(CultureInfo.InvariantCulture, $"{verb}-{DateTime.Now:yyyyMMdd-HHmmss-fff}"));
        var board = parsed.GetValue(BoardOption)!;
        return new SweepRequest(test, output, Again(parsed, test, verb))
        {
            Board = board, Kernel = parsed.GetValue(KernelOption) ?? BoardCatalog.Find(board).Kernel, Modules = parsed.GetValue(ModulesOption), Seed = parsed.GetValue(SeedOption), Jobs = parsed.GetValue(JobsOption),
            Budget = Time(parsed, BudgetOption), Limit = Time(parsed, LimitOption), Rules = parsed.GetValue(FaultOption) ?? [],
        };
    }

    // Where time can be virtual it is: nobody waits for a driver's timeouts, and every run touches its devices at the same times.
    static DirectoryTest Timed(ParseResult parsed, DirectoryTest test)
    {
        var board = parsed.GetValue(BoardOption)!;
        var time = CommandLine.TimeOf(parsed.GetValue(TimeOption), board) ?? (BoardCatalog.Find(board).Traits.WhyNot(BoardAbility.VirtualTime) is null ? GuestTime.Virtual : GuestTime.Host);
        return (DirectoryTest)(test with { Settings = test.Settings with { Time = time } });
    }

    static DirectoryTest Test(ParseResult parsed, string verb, string? unlessTold)
    {
        var path = parsed.GetValue(Subject) ?? unlessTold ?? throw new UsageException($"name a test to {verb}, such as suites/rtl8111/up");
        try
        {
            var tests = SuiteReader.Read([path]).SelectMany(suite => suite.Tests).ToList();
            if (tests is not [DirectoryTest test]) throw new UsageException(tests is [_] ? $"{path} is a test in C#, and {verb} takes directory tests" : $"{path} holds {tests.Count} tests, and {verb} takes one: {string.Join(", ", tests.Select(one => one.Name))}");
            return parsed.GetValue(ParametersOption) is { } parameters ? WithParameters(test, parameters) : test;
        }
        catch (SuiteException wrong)
        {
            throw new UsageException(wrong.Message);
        }
    }

    static DirectoryTest WithParameters(DirectoryTest test, string parameters)
    {
        if (test.Settings.Modules.Count == 0) throw new UsageException($"--parameters are for a module, and {test.FullName} loads none by its settings");
        return (DirectoryTest)(test with { Settings = test.Settings.WithParameters(parameters) });
    }

    static HashSet<FaultClass> Classes(string? text) => text switch
    {
        null => [FaultClass.Legal, FaultClass.Hostile],
        "legal" => [FaultClass.Legal],
        "hostile" => [FaultClass.Hostile],
        _ => throw new UsageException($"--class takes 'legal' or 'hostile', not '{text}'"),
    };

    // One guest a seed, and a device, each with a rule of its own: that is what reproduces it.
    static IReadOnlyList<int> Seeds(string? text)
    {
        if (text is null) return [];
        var ends = text.Split("..");
        return ends.Length == 2 && int.TryParse(ends[0], NumberStyles.None, CultureInfo.InvariantCulture, out var first) && int.TryParse(ends[1], NumberStyles.None, CultureInfo.InvariantCulture, out var last) && first <= last && last - first < 100_000
            ? [.. Enumerable.Range(first, last - first + 1)] : throw new UsageException($"--seeds takes the first and the last, such as 1..100, not '{text}'");
    }

    static TimeSpan? Time(ParseResult parsed, Option<string?> option)
    {
        if (parsed.GetValue(option) is not { } text) return null;
        var unit = text.Length > 0 ? text[^1] switch { 's' => 1, 'm' => 60, 'h' => 3600, _ => 0 } : 0;
        return unit > 0 && double.TryParse(text[..^1], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) && number > 0 && number * unit < 1e7
            ? TimeSpan.FromSeconds(number * unit) : throw new UsageException($"{option.Name} takes a time such as 90s, 10m or 2h, not '{text}'");
    }

    // What a finding is reproduced with: the same test on the same kernel, without what only steers a whole sweep.
    static string Again(ParseResult parsed, DirectoryTest test, string verb)
    {
        var words = new List<string> { $"understudy {verb}", Path.GetRelativePath(Environment.CurrentDirectory, test.Directory) };
        if (parsed.GetResult(BoardOption) is { Implicit: false }) words.Add($"--board {parsed.GetValue(BoardOption)}");
        if (parsed.GetValue(KernelOption) is { } kernel) words.Add($"--kernel {kernel}");
        if (parsed.GetValue(ModulesOption) is { } modules) words.Add($"--modules {modules}");
        if (parsed.GetValue(ParametersOption) is { } parameters) words.Add($"--parameters '{parameters}'");
        if (parsed.GetValue(TimeOption) is { } time) words.Add($"--time {time}");
        if (parsed.GetValue(SeedOption) != 1) words.Add(string.Create(CultureInfo.InvariantCulture, $"--seed {parsed.GetValue(SeedOption)}"));
        return string.Join(' ', words);
    }
}
