using System.CommandLine;
using System.Text.Json.Nodes;
using Spectre.Console;
using Understudy.Toolchain;
using Understudy.Verdict;

namespace Understudy.Cli;

/// <summary><c>understudy kernels</c>: the kernel catalog.</summary>
static class KernelsCommand
{
    public static Command Create()
    {
        var json = CommandLine.Json();
        var command = new Command("kernels",
            """
            List the kernels that can be booted by name: Debian's own packages, the newest of each series.

            Examples:
              understudy kernels
              understudy kernels --json
            """) { json };
        command.SetAction((parsed, cancel) => CommandLine.GuardAsync(parsed.GetValue(json), () => RunAsync(parsed.GetValue(json), cancel)));
        return command;
    }

    static async Task<int> RunAsync(bool json, CancellationToken cancel)
    {
        using var progress = new ProvisionDisplay(quiet: json);
        var toolbox = new Toolbox(UnderstudyCache.Open(), progress);
        var kernels = await toolbox.Kernels.ListAsync(cancel).ConfigureAwait(false);
        progress.Dispose();
        if (json) CommandLine.Print(new JsonArray([.. kernels.Select(Json)]));
        else AnsiConsole.Write(Table(kernels));
        return ExitCode.Pass;
    }

    static JsonNode Json(KernelListing kernel) => new JsonObject
    {
        ["name"] = kernel.Name,
        ["release"] = kernel.Release,
        ["packageVersion"] = kernel.PackageVersion,
        ["downloadBytes"] = kernel.DownloadSize,
        ["state"] = kernel.State.ToString().ToLowerInvariant(),
        ["default"] = kernel.IsDefault,
    };

    static Table Table(IReadOnlyList<KernelListing> kernels)
    {
        var table = new Table { Border = TableBorder.None, ShowHeaders = true };
        foreach (var heading in (string[])["NAME", "RELEASE", "PACKAGE", "DOWNLOAD", "HERE"]) table.AddColumn(new TableColumn(heading) { NoWrap = true });
        foreach (var kernel in kernels)
            table.AddRow(Markup.Escape(kernel.Name + (kernel.IsDefault ? " (default)" : "")), Markup.Escape(kernel.Release), Markup.Escape(kernel.PackageVersion),
                $"{kernel.DownloadSize / 1_000_000.0:F0} MB", kernel.State switch { KernelState.Installed => "yes", KernelState.Outdated => "older", _ => "-" });
        return table;
    }
}
