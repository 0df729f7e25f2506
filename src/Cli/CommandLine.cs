using System.CommandLine;
using System.Text.Json.Nodes;
using Understudy.Boards;
using Understudy.Toolchain;
using Understudy.Verdict;

namespace Understudy.Cli;

/// <summary>What every verb has in common: options, exit codes, and how errors are told.</summary>
static class CommandLine
{
    public static Option<bool> Json() => new("--json") { Description = "Print the result as JSON on standard output, and nothing else there" };

    public static Option<string?> Kernel() => new("--kernel")
    {
        Description = "A kernel of the catalog (debian:6.12, debian:6.1-cloud, see 'understudy kernels'), or the path of a kernel image; the newest stable one unless told",
        HelpName = "NAME|PATH",
    };

    public static Option<string?> Modules() => new("--modules") { Description = "The modules directory of a kernel given by its path", HelpName = "DIR" };

    /// <summary>Parses and runs; a wrong command line is told on standard error and ends in 2.</summary>
    public static async Task<int> InvokeAsync(RootCommand root, string[] args)
    {
        var parsed = root.Parse(args);
        if (parsed.Errors.Count > 0)
        {
            foreach (var error in parsed.Errors) await Console.Error.WriteLineAsync($"understudy: {error.Message}").ConfigureAwait(false);
            var verb = parsed.CommandResult.Command is RootCommand ? "" : $" {parsed.CommandResult.Command.Name}";
            await Console.Error.WriteLineAsync($"Try 'understudy{verb} --help'.").ConfigureAwait(false);
            return ExitCode.Usage;
        }
        return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false }).ConfigureAwait(false);
    }

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
        catch (Exception exception) when (exception is UsageException or KeyNotFoundException)
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
        catch (Exception exception) when (exception is ToolchainException or LabFailedException or RunDirectoryFullException or IOException or UnauthorizedAccessException)
        {
            return Tell(json, ExitCode.Broken, exception.Message);
        }
    }

    public static void Print(JsonNode node) => Console.Out.WriteLine(node.ToJsonString(new() { WriteIndented = true }));

    static int Tell(bool json, int code, string message)
    {
        if (json) Print(new JsonObject { ["error"] = message, ["exitCode"] = code });
        else Console.Error.WriteLine($"understudy: {message}");
        return code;
    }
}
