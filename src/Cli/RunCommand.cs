using System.CommandLine;
using System.Globalization;
using System.IO.Enumeration;
using Understudy.Boards;
using Understudy.Guest;
using Understudy.Runner;
using Understudy.Runner.Suites;
using Understudy.Toolchain;
using Understudy.Verdict;

namespace Understudy.Cli;

/// <summary><c>understudy run</c>: tests, each in a guest of its own.</summary>
static class RunCommand
{
    static readonly Argument<string[]> s_paths = new("PATH") { Description = "Suites, single tests, directories of suites; projects and test programs in C#", Arity = ArgumentArity.OneOrMore };
    static readonly Option<string> s_board = CommandLine.Board();
    static readonly Option<string?> s_time = CommandLine.Time();
    static readonly Option<string[]> s_kernels = new("--kernel") { Description = "Kernels to run on, separated by commas; the newest stable one unless told", HelpName = "NAME|PATH,...", AllowMultipleArgumentsPerToken = true };
    static readonly Option<string?> s_matrix = new("--matrix") { Description = "Run on every point of a matrix of kernels, boards, devices, CPUs, memory and module parameters, instead of --kernel and --board", HelpName = "FILE" };
    static readonly Option<string[]> s_cells = new("--cell") { Description = "Only these points of the matrix; * and ? stand for other characters", HelpName = "PATTERN", AllowMultipleArgumentsPerToken = true };
    static readonly Option<string?> s_modules = CommandLine.Modules();
    static readonly Option<string?> s_symbols = new("--symbols") { Description = "A vmlinux, or a directory with it and .ko files, that have debug information: stacks get source lines. Modules and kernels built here need none", HelpName = "PATH" };
    static readonly Option<bool> s_dumpMemory = new("--dump-memory") { Description = "When a kernel dies or hangs, keep its guest's memory in the run directory, for crash, drgn or gdb" };
    static readonly Option<bool> s_coverage = new("--coverage") { Description = "Which lines of the driver ran, as a page with its sources and as an LCOV file, for each test and for all: the board uml, with the variant 'coverage' of its kernel" };
    static readonly Option<string[]> s_tags = new("--tag") { Description = "Only tests with one of these tags; '!slow' leaves those out", HelpName = "TAG", AllowMultipleArgumentsPerToken = true };
    static readonly Option<string[]> s_names = new("--name") { Description = "Only tests of this name; * and ? stand for other characters", HelpName = "PATTERN", AllowMultipleArgumentsPerToken = true };
    static readonly Option<string[]> s_faults = new("--fault") { Description = "A fault for every test, beside those of its own: what 'faults' files hold (docs/faults.md); may be given several times", HelpName = "RULE" };
    static readonly Option<bool> s_record = new("--record") { Description = "Keep every byte that devices meet, for 'understudy replay': NAME.trace.bin in the run directory" };
    static readonly Option<bool> s_lastFailed = new("--last-failed") { Description = "Only what ended badly in the newest run beside the output directory, on the same kernels" };
    static readonly Option<string?> s_changed = new("--changed") { Description = "Only tests of which something changed since a git revision, their modules and programs included; since the last commit unless told", HelpName = "REVISION", Arity = ArgumentArity.ZeroOrOne };
    static readonly Option<bool> s_list = new("--list") { Description = "List the chosen tests, and run none" };
    static readonly Option<int> s_jobs = new("--jobs", "-j") { Description = "Guests at once", HelpName = "N", DefaultValueFactory = _ => 1 };
    static readonly Option<int> s_repeat = new("--repeat") { Description = "Run everything so many times", HelpName = "N", DefaultValueFactory = _ => 1 };
    static readonly Option<bool> s_untilFail = new("--until-fail") { Description = "Run everything again and again until something ends badly, or --repeat times" };
    static readonly Option<int> s_seed = new("--seed") { Description = "Seed of everything random: devices, order", HelpName = "N", DefaultValueFactory = _ => 1 };
    static readonly Option<bool> s_shuffle = new("--shuffle") { Description = "Run in an order made from the seed" };
    static readonly Option<bool> s_cold = new("--cold") { Description = "Boot every guest, instead of restoring one that booted once" };
    static readonly Option<bool> s_restored = new("--restored") { Description = "Restore guests that booted once; so it is unless told" };
    static readonly Option<bool> s_keepGuest = new("--keep-guest") { Description = "When a directory test ends badly, open a shell in its guest, as it is, devices attached; 'exit' goes on. Needs a terminal" };
    static readonly Option<string?> s_output = new("--output") { Description = "Directory for the run directories and the summary; runs/run-TIME unless told", HelpName = "DIR" };
    static readonly Option<bool> s_json = CommandLine.Json();

    public static Command Create()
    {
        var command = new Verb("run",
            "Run tests, directories or projects in C#: every test on every kernel, each in a fresh guest with its devices. A run the lab broke is run once more; one that failed never is. Ctrl-C ends early and reports what ran. docs/writing-a-test.md tells how to write one.",
            """
            understudy run suites/rtl8111
            understudy run suites/rtl8111 --kernel debian:6.1,debian:6.12,debian:7.2 -j 2
            understudy run suites/rtl8111 --matrix suites/rtl8111/matrix.yaml -j 2
            understudy run suites/nvme --board uml --time virtual
            understudy run suites/rtl8111-csharp --kernel debian:6.12
            understudy run suites/rtl8111 --name 'lost-*' --until-fail
            understudy run suites/rtl8111 --name link --keep-guest
            understudy run suites/rtl8111 --name traffic --fault 'mmio-read RTL8111.IntrStatus nth=3 -> timeout'
            understudy run suites/selfharm --name null-deref --dump-memory
            understudy run suites/rtl8111 --board uml --coverage
            understudy run suites --last-failed
            understudy run mysuite --kernel debian:6.12 --symbols /usr/lib/debug
            understudy run suites --changed main
            """)
        {
            s_paths, s_board, s_time, s_kernels, s_matrix, s_cells, s_modules, s_symbols, s_dumpMemory, s_coverage, s_tags, s_names, s_faults, s_record, s_lastFailed, s_changed, s_list, s_jobs, s_repeat, s_untilFail, s_seed, s_shuffle, s_cold, s_restored, s_keepGuest, s_output, s_json,
        };
        command.SetAction((parsed, cancel) => CommandLine.GuardAsync(parsed.GetValue(s_json), () => RunAsync(parsed, cancel)));
        return command;
    }

    static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancel)
    {
        var request = Request(parsed);
        if (parsed.GetValue(s_list)) return List(request, parsed.GetValue(s_json));
        var json = parsed.GetValue(s_json);
        using var progress = new ProvisionDisplay(quiet: json);
        var display = new SuiteDisplay(progress);
        var summary = await SuiteRun.PlayAsync(new Toolbox(UnderstudyCache.Open(), progress), request, display, cancel).ConfigureAwait(false);
        display.Summary(summary);
        if (json) CommandLine.Print(SummaryFiles.Json(summary));
        return summary.ExitCode;
    }

    static SuiteRequest Request(ParseResult parsed)
    {
        if (parsed.GetValue(s_jobs) is < 1 or > 256) throw new UsageException("--jobs takes a number from 1 to 256");
        if (parsed.GetValue(s_repeat) < 1) throw new UsageException("--repeat takes a number from 1 on");
        if (parsed.GetValue(s_seed) < 0) throw new UsageException("--seed takes a number from 0 on");
        if (parsed.GetValue(s_cold) && parsed.GetValue(s_restored)) throw new UsageException("--cold and --restored exclude each other");
        RequireTerminalToKeep(parsed);
        // Points of a matrix have boards of their own: where one has no virtual time, tests are skipped.
        var time = CommandLine.TimeOf(parsed.GetValue(s_time), parsed.GetValue(s_matrix) is null ? parsed.GetValue(s_board)! : "uml");
        var output = parsed.GetValue(s_output) ?? Path.Combine("runs", string.Create(CultureInfo.InvariantCulture, $"run-{DateTime.Now:yyyyMMdd-HHmmss-fff}"));
        var failed = parsed.GetValue(s_lastFailed) ? LastFailed(Path.GetDirectoryName(Path.GetFullPath(output))!) : null;
        var kernels = Counting(parsed, CommandLine.Words(parsed.GetValue(s_kernels)));
        var suites = Read(parsed.GetValue(s_paths)!);
        var request = new SuiteRequest(suites, output, CommandLine.Typed(parsed))
        {
            Kernels = kernels.Count == 0 && failed is not null ? [.. failed.Select(cell => cell.Kernel).Distinct()] : kernels,
            Board = parsed.GetValue(s_board)!, Time = time, Points = Points(parsed), Modules = parsed.GetValue(s_modules), Symbols = Symbols(parsed), DumpMemory = parsed.GetValue(s_dumpMemory),
            Selection = new TestSelection { Tags = CommandLine.Words(parsed.GetValue(s_tags)), Names = CommandLine.Words(parsed.GetValue(s_names)), Only = failed, Changed = Changed(parsed, suites) },
            Faults = parsed.GetValue(s_faults) ?? [], Record = parsed.GetValue(s_record),
            Start = parsed.GetValue(s_cold) ? GuestStart.Cold : GuestStart.Restored, Jobs = parsed.GetValue(s_jobs), Repeat = parsed.GetValue(s_repeat), UntilFail = parsed.GetValue(s_untilFail),
            Keep = parsed.GetValue(s_keepGuest) ? VisitAsync : null, Seed = parsed.GetValue(s_seed), Shuffle = parsed.GetValue(s_shuffle),
        };
        var chosen = Chosen(request);
        if (chosen.Count == 0) throw new UsageException(NothingChosen(request));
        try
        {
            request.CheckFaults(chosen);
            return request;
        }
        catch (FormatException wrong)
        {
            throw new UsageException($"--fault: {wrong.Message}");
        }
    }

    // Kernels that are built for it: whoever gives another one knows that it counts.
    static IReadOnlyList<string> Counting(ParseResult parsed, IReadOnlyList<string> kernels)
    {
        const string profile = "uml", variant = "coverage";
        if (!parsed.GetValue(s_coverage)) return kernels;
        if (kernels.Count == 0 && parsed.GetValue(s_board) != profile) throw new UsageException("--coverage needs a kernel that counts lines, and those are built for the board uml: add --board uml");
        return [.. (kernels.Count == 0 ? [profile] : kernels).Select(kernel => kernel == profile ? $"{profile}/{variant}"
            : kernel.StartsWith($"{profile}/", StringComparison.Ordinal) && !kernel[(profile.Length + 1)..].Split('+').Contains(variant) ? $"{kernel}+{variant}" : kernel)];
    }

    static string? Symbols(ParseResult parsed)
        => parsed.GetValue(s_symbols) is not { } path ? null : Path.Exists(path) ? Path.GetFullPath(path) : throw new UsageException($"--symbols: there is nothing at {path}");

    static IReadOnlyList<MatrixPoint> Points(ParseResult parsed)
    {
        var patterns = parsed.GetValue(s_cells) ?? [];
        if (parsed.GetValue(s_matrix) is not { } file) return patterns.Length == 0 ? [] : throw new UsageException("--cell chooses points of a matrix: give one with --matrix");
        if (parsed.GetResult(s_kernels) is { Implicit: false } || parsed.GetResult(s_board) is { Implicit: false }) throw new UsageException("--matrix brings its own kernels and boards: leave out --kernel and --board, or choose with --cell");
        try
        {
            var points = MatrixFile.Read(file);
            IReadOnlyList<MatrixPoint> chosen = [.. points.Where(point => patterns.Length == 0 || patterns.Any(pattern => pattern == point.Name || FileSystemName.MatchesSimpleExpression(pattern, point.Name, ignoreCase: false)))];
            return chosen.Count > 0 ? chosen : throw new UsageException($"no point of {file} fits {string.Join(", ", patterns)}; there is {string.Join(" ", points.Select(point => point.Name))}");
        }
        catch (SuiteException wrong)
        {
            throw new UsageException(wrong.Message);
        }
    }

    static void RequireTerminalToKeep(ParseResult parsed)
    {
        if (!parsed.GetValue(s_keepGuest)) return;
        if (parsed.GetValue(s_jobs) > 1) throw new UsageException("--keep-guest opens one guest at a time: leave --jobs out");
        if (parsed.GetValue(s_json)) throw new UsageException("--keep-guest talks to a person, and --json to a machine: leave one out");
        if (Console.IsInputRedirected || Console.IsOutputRedirected) throw new UsageException("--keep-guest needs a terminal to open a shell on; without one, 'understudy boot' with '-- COMMAND' runs commands in a guest");
    }

    static async Task VisitAsync(TestCell cell, GuestAgent guest, DeviceConsole devices, CancellationToken cancel)
    {
        // What shows the progress has left its line as it is.
        Console.Out.WriteLine($"\r\e[K{cell.Name} went wrong; this is its guest.");
        await GuestShell.RunAsync(guest, devices, cancel).ConfigureAwait(false);
    }

    static IReadOnlyList<TestSuite> Read(string[] paths)
    {
        try
        {
            return SuiteReader.Read(paths);
        }
        catch (SuiteException wrong)
        {
            throw new UsageException(wrong.Message);
        }
    }

    static IReadOnlySet<(string Test, string Kernel)> LastFailed(string runs)
    {
        var failed = SummaryFiles.LastFailed(runs) ?? throw new UsageException($"there is no run below {runs} whose failures could be run again");
        return failed.Count > 0 ? failed : throw new UsageException($"nothing ended badly in the newest run below {runs}: there is nothing to run again");
    }

    static IReadOnlyList<SuiteTest> Chosen(SuiteRequest request) => [.. request.Suites.SelectMany(suite => suite.Tests).Where(request.Selection.Chooses)
        .Where(test => request.Selection.Only?.Any(cell => cell.Test == test.Path) != false)];

    static ChangedFiles? Changed(ParseResult parsed, IReadOnlyList<TestSuite> suites)
    {
        if (parsed.GetResult(s_changed) is null) return null;
        try
        {
            return ChangedFiles.Since(suites.SelectMany(suite => suite.Tests).Select(test => Directory.Exists(test.SuitePath) ? test.SuitePath : Path.GetDirectoryName(test.SuitePath)!).Distinct(), parsed.GetValue(s_changed) ?? "HEAD");
        }
        catch (FormatException wrong)
        {
            throw new UsageException($"--changed: {wrong.Message}");
        }
    }

    static string NothingChosen(SuiteRequest request)
        => $"no test is chosen{(request.Selection.Changed is { Count: var changed } ? $" ({changed} files changed, and no test is made of them)" : "")}; there is {string.Join(", ", request.Suites.SelectMany(suite => suite.Tests).Select(test => test.FullName))}";

    static int List(SuiteRequest request, bool json)
    {
        var tests = Chosen(request);
        if (json) CommandLine.Print(TestList.Json(tests));
        else TestList.Show(tests);
        if (!json && request.Points.Count > 0) Console.Out.WriteLine($"each on {string.Join(", ", request.Points.Select(point => point.Name))}");
        return ExitCode.Pass;
    }
}
