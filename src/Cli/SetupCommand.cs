using System.CommandLine;
using System.Text.Json.Nodes;
using Understudy.Runner;
using Understudy.Toolchain;
using Understudy.Verdict;

namespace Understudy.Cli;

/// <summary><c>understudy setup</c>: everything a run needs, fetched now.</summary>
static class SetupCommand
{
    public static Command Create()
    {
        var kernels = new Option<string[]>("--kernel") { Description = "Kernels to fetch; may be given several times", HelpName = "NAME", AllowMultipleArgumentsPerToken = true };
        var refresh = new Option<bool>("--refresh") { Description = "Look for newer versions of what is already here" };
        var json = CommandLine.Json();
        var command = new Verb("setup",
            "Fetch what runs need - QEMU, guest tools, a kernel - into a private cache. No root, no change to the system.",
            """
            understudy setup                                     the newest stable kernel and all the rest
            understudy setup --kernel debian:6.1 --kernel debian:6.12
            understudy setup --refresh                           newer versions, if there are any
            """) { kernels, refresh, json };
        command.SetAction((parsed, cancel) => CommandLine.GuardAsync(parsed.GetValue(json),
            () => RunAsync(parsed.GetValue(kernels) ?? [], parsed.GetValue(refresh), parsed.GetValue(json), cancel)));
        return command;
    }

    static async Task<int> RunAsync(string[] names, bool refresh, bool json, CancellationToken cancel)
    {
        using var progress = new ProvisionDisplay(quiet: json);
        var toolbox = new Toolbox(UnderstudyCache.Open(), progress);
        foreach (var name in names) await Lab.CheckAsync(toolbox, new LabRequest(name), cancel).ConfigureAwait(false);
        if (refresh) await toolbox.RefreshAsync(cancel).ConfigureAwait(false);
        var provided = new JsonArray();
        foreach (var name in names.Length > 0 ? names : new string?[] { null })
        {
            var lab = await Lab.OpenAsync(toolbox, new LabRequest(name), cancel).ConfigureAwait(false);
            provided.Add((JsonNode)new JsonObject { ["name"] = lab.Kernel.Name, ["release"] = lab.Kernel.Release, ["packageVersion"] = lab.Kernel.PackageVersion, ["sha256"] = lab.Kernel.Sha256 });
            progress.Line($"{lab.Kernel.Name}: {lab.Kernel.Release}");
            if (provided.Count > 1) continue;
            if (lab.Qemu is { } qemu) progress.Line($"QEMU {qemu.Version} ({qemu.Origin})");
            progress.Line($"accelerator {lab.Board.Accelerator.Name}: {lab.Board.Accelerator.Reason}");
        }
        if (json) CommandLine.Print(new JsonObject { ["cache"] = toolbox.Cache.Root, ["kernels"] = provided });
        else progress.Line($"all in {toolbox.Cache.Root}");
        return ExitCode.Pass;
    }
}
