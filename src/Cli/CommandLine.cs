using System.CommandLine;
using System.Text.Json.Nodes;
using Understudy.Boards;
using Understudy.Devices;
using Understudy.Guest;
using Understudy.Runner.Suites;
using Understudy.Toolchain;
using Understudy.Verdict;

namespace Understudy.Cli;

/// <summary>What every verb has in common: options, exit codes, and how errors are told.</summary>
static class CommandLine
{
    // After Ctrl-C, where it is not a debugger's: time to end the guest and to write down what ran.
    static readonly TimeSpan s_windDown = TimeSpan.FromSeconds(10);

    public static Option<bool> Json() => new("--json") { Description = "Print the result as JSON on standard output, and nothing else there" };

    public static Option<string?> Kernel() => new("--kernel")
    {
        Description = "A kernel of the catalog (debian:6.12, debian:6.1-cloud, see 'understudy kernels'), build:NAME, or the path of a kernel image; the newest stable one unless told",
        HelpName = "NAME|PATH",
    };

    public static Option<string> Board()
    {
        var board = new Option<string>("--board") { Description = $"The board to run on: {string.Join("; ", BoardCatalog.All.Select(entry => $"{entry.Name} ({entry.What})"))}", HelpName = "NAME", DefaultValueFactory = _ => BoardCatalog.Default };
        board.AcceptOnlyFromAmong([.. BoardCatalog.Names]);
        return board;
    }

    public static Option<string?> Time()
    {
        var time = new Option<string?>("--time") { Description = "Whose time guest and devices live in: host, or virtual (board uml), which jumps from event to event and repeats to the nanosecond (docs/virtual-time.md)", HelpName = "host|virtual" };
        time.AcceptOnlyFromAmong("host", "virtual");
        return time;
    }

    /// <summary>What <see cref="Time"/> asks for; null where it is not given.</summary>
    /// <exception cref="UsageException">It asks a board for what it has not.</exception>
    public static GuestTime? TimeOf(string? word, string board)
    {
        if (word is null) return null;
        var time = Enum.Parse<GuestTime>(word, ignoreCase: true);
        if (time == GuestTime.Virtual && BoardCatalog.Find(board).Traits.WhyNot(BoardAbility.VirtualTime) is { } lack)
            throw new UsageException($"--time virtual: the board {board} has {lack}; --board uml can");
        return time;
    }

    public static Option<string?> Modules() => new("--modules") { Description = "The modules directory of a kernel given by its path", HelpName = "DIR" };

    /// <summary>The words of an option that takes several, each time separated by commas.</summary>
    public static IReadOnlyList<string> Words(string[]? values)
        => [.. (values ?? []).SelectMany(value => value.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)).Distinct()];

    /// <summary>The command line as it was typed.</summary>
    public static string Typed(ParseResult parsed) => "understudy " + string.Join(' ', parsed.Tokens.Select(token => token.Value.Contains(' ', StringComparison.Ordinal) ? $"'{token.Value.Replace("'", "'\\''", StringComparison.Ordinal)}'" : token.Value));

    /// <summary>Parses and runs; a wrong command line is told on standard error and ends in 2.</summary>
    public static async Task<int> InvokeAsync(RootCommand root, string[] args)
    {
        var parsed = root.Parse(args);
        if (parsed.Errors.Count > 0 && !AsksForHelp(args))
        {
            var command = parsed.CommandResult.Command;
            var errors = parsed.Errors.Select(error => error.Message + Suggestion(command, parsed.UnmatchedTokens, error.Message));
            var verb = command is RootCommand ? "" : $" {command.Name}";
            return Tell(args.Contains("--json"), ExitCode.Usage, string.Join("\nunderstudy: ", errors), $"Try 'understudy{verb} --help'.");
        }
        return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = parsed.GetResult(BootCommand.Gdb) is { Implicit: false } ? null : s_windDown }).ConfigureAwait(false);
    }

    // Who asks for help need not know yet what a verb requires.
    static bool AsksForHelp(string[] args) => args.TakeWhile(arg => arg != "--").Any(arg => arg is "--help" or "-h" or "-?");

    static string Suggestion(Command command, IReadOnlyList<string> unmatched, string error)
    {
        if (unmatched.FirstOrDefault(token => error.Contains($"'{token}'", StringComparison.Ordinal)) is not { } token) return "";
        IEnumerable<string> names = token.StartsWith('-') ? command.Options.Select(option => option.Name) : command.Subcommands.Select(verb => verb.Name);
        return Nearest.To(token, names) is [var nearest, ..] ? $" Did you mean '{nearest}'?" : "";
    }

    /// <summary>The device of the catalog that has this name.</summary>
    /// <exception cref="UsageException">There is none.</exception>
    public static string DeviceNamed(string name) =>
        Catalog.All.Any(entry => string.Equals(entry.Name, name, StringComparison.OrdinalIgnoreCase)) ? name
            : throw new UsageException($"There is no device '{name}'. Did you mean {string.Join(" or ", Nearest.To(name, Catalog.All.Select(entry => entry.Name)))}? 'understudy devices' lists them all.");

    /// <summary>Runs a verb's body; turns what can go wrong into a message and an exit code.</summary>
    public static async Task<int> GuardAsync(bool json, Func<Task<int>> body)
    {
        try
        {
            return await body().ConfigureAwait(false);
        }
        catch (ToolchainException exception) when (exception.Problem is ToolchainProblem.UnknownName)
        {
            return Tell(json, ExitCode.Usage, exception.Message);
        }
        catch (SuiteException wrong)
        {
            return Tell(json, ExitCode.Usage, wrong.Message);
        }
        catch (UsageException exception)
        {
            return Tell(json, ExitCode.Usage, exception.Message);
        }
        catch (OperationCanceledException)
        {
            return Tell(json, ExitCode.Broken, "interrupted");
        }
        catch (BootFailedException failure)
        {
            return Tell(json, ExitCode.Fail, failure.Message);
        }
        catch (GuestException refused)
        {
            return Tell(json, ExitCode.Fail, $"in the guest: {refused.Message}");
        }
        catch (Exception exception) when (exception is ToolchainException or LabFailedException or IOException or UnauthorizedAccessException)
        {
            return Tell(json, ExitCode.Broken, exception.Message);
        }
        catch (Exception unforeseen)
        {
            return Tell(json, ExitCode.Broken, $"this is a defect of understudy itself; please report it with these lines: {unforeseen}");
        }
    }

    public static void Print(JsonNode node) => Console.Out.WriteLine(node.ToJsonString(new() { WriteIndented = true }));

    /// <summary>Says on standard error, or in JSON on standard output, why a verb ends in <paramref name="code"/>.</summary>
    public static int Tell(bool json, int code, string message, string hint = "")
    {
        if (json) Print(new JsonObject { ["error"] = message, ["exitCode"] = code });
        else Console.Error.WriteLine($"understudy: {message}{(hint.Length > 0 ? $"\n{hint}" : "")}");
        return code;
    }
}
