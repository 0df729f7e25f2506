using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Understudy.Build;
using Understudy.Runner;
using Understudy.Toolchain;
using Understudy.Verdict;

namespace Understudy.Cli;

/// <summary><c>understudy build module</c>: external modules for any kernel of the catalog.</summary>
static class BuildModuleCommand
{
    const int MostShown = 12;

    static readonly Argument<string> s_directory = new("DIR") { Description = "The directory with the Kbuild file or Makefile; it is only read" };
    static readonly Argument<string[]> s_variables = new("NAME=VALUE") { Description = "Variables for make, after --", Arity = ArgumentArity.ZeroOrMore };
    static readonly Option<string[]> s_kernels = new("--kernel") { Description = "Kernels to build for, separated by commas; the newest stable one unless told", HelpName = "NAME|PATH,...", AllowMultipleArgumentsPerToken = false };
    static readonly Option<string?> s_modules = CommandLine.Modules();
    static readonly Option<string?> s_output = new("--output") { Description = "Copy the modules into DIR/RELEASE", HelpName = "DIR" };
    static readonly Option<bool> s_json = CommandLine.Json();

    public static Command Create()
    {
        var command = new Verb("module",
            "Build a directory of external modules for one kernel or several. Headers and the right compiler are fetched as needed; what was built before is answered at once. Exit code 1 where it does not compile.",
            """
            understudy build module drivers/nic --kernel debian:6.1,debian:6.12,debian:7.2
            understudy build module drivers/nic --kernel debian:6.12 --output out -- CONFIG_NIC=m V=1
            """) { s_directory, s_variables, s_kernels, s_modules, s_output, s_json };
        command.SetAction((parsed, cancel) => CommandLine.GuardAsync(parsed.GetValue(s_json), () => RunAsync(parsed, cancel)));
        return command;
    }

    static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancel)
    {
        var json = parsed.GetValue(s_json);
        var variables = parsed.GetValue(s_variables) ?? [];
        if (variables.FirstOrDefault(variable => variable.IndexOf('=', StringComparison.Ordinal) < 1) is { } wrong) throw new UsageException($"after -- come variables for make, such as V=1, not '{wrong}'");
        using var progress = new ProvisionDisplay(quiet: json);
        var toolbox = new Toolbox(UnderstudyCache.Open(), progress);
        var named = CommandLine.Words(parsed.GetValue(s_kernels));
        List<LabRequest> labs = named.Count == 0 ? [new LabRequest()] : [.. named.Select(name => new LabRequest(name, parsed.GetValue(s_modules)))];
        foreach (var lab in labs) await Lab.CheckAsync(toolbox, lab, cancel).ConfigureAwait(false);
        var results = new JsonArray();
        var code = ExitCode.Pass;
        foreach (var lab in labs)
        {
            var kernel = await Lab.KernelAsync(toolbox, lab, cancel).ConfigureAwait(false);
            try
            {
                var built = await new ModuleBuilder(toolbox).BuildAsync(parsed.GetValue(s_directory)!, kernel, variables, cancel).ConfigureAwait(false);
                var paths = built.Modules.Select(module => Deliver(module, kernel, parsed.GetValue(s_output))).ToList();
                Show(progress, built, kernel, paths);
                results.Add((JsonNode)Json(kernel, paths, built.Warnings, built.Log, built.WasKnown));
            }
            catch (BuildFailedException failed)
            {
                code = Tell(failed, json: false);
                results.Add((JsonNode)Json(kernel, null, failed.Messages, failed.Log, false));
            }
        }
        if (json) CommandLine.Print(results);
        return code;
    }

    /// <summary>Says why something does not build.</summary>
    internal static int Tell(BuildFailedException failed, bool json)
    {
        if (json) return CommandLine.Tell(json, ExitCode.Fail, failed.Message);
        Console.Error.WriteLine($"understudy: {failed.Message}");
        foreach (var message in failed.Messages.Take(MostShown)) Console.Error.WriteLine($"  {message}");
        if (failed.Log is not null) Console.Error.WriteLine($"  log: {failed.Log}");
        return ExitCode.Fail;
    }

    static string Deliver(BuiltModule module, Kernel kernel, string? output)
    {
        if (output is null) return module.Path;
        var target = Path.Combine(output, kernel.Release, Path.GetFileName(module.Path));
        Directory.CreateDirectory(Path.GetDirectoryName(target)!);
        File.Copy(module.Path, target, overwrite: true);
        return target;
    }

    static void Show(ProvisionDisplay progress, BuiltModules built, Kernel kernel, IReadOnlyList<string> paths)
    {
        foreach (var warning in built.Warnings.Take(MostShown)) progress.Line($"  {warning}");
        var how = built.WasKnown ? "built before" : "built";
        progress.Line(string.Create(CultureInfo.InvariantCulture, $"{kernel.Name} ({kernel.Release}): {how}{(built.Warnings.Count > 0 ? $", {built.Warnings.Count} warnings" : "")}"));
        foreach (var path in paths) progress.Line($"  {path}");
    }

    static JsonObject Json(Kernel kernel, IReadOnlyList<string>? modules, IReadOnlyList<CompilerMessage> messages, string? log, bool wasKnown) => new()
    {
        ["kernel"] = kernel.Name,
        ["release"] = kernel.Release,
        ["status"] = modules is null ? "FAIL" : "PASS",
        ["modules"] = new JsonArray([.. (modules ?? []).Select(path => (JsonNode)path)]),
        ["known"] = wasKnown,
        ["messages"] = new JsonArray([.. messages.Select(message => (JsonNode)new JsonObject { ["error"] = message.IsError, ["file"] = message.File, ["line"] = message.Line, ["text"] = message.Text })]),
        ["log"] = log,
    };
}
