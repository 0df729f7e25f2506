using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Understudy.Toolchain;
using Understudy.Verdict;

namespace Understudy.Cli;

/// <summary><c>understudy kernels</c>: the kernel catalog.</summary>
static class KernelsCommand
{
    public static Command Create()
    {
        var json = CommandLine.Json();
        var command = new Verb("kernels",
            "List the kernels that can be booted by name: Debian's own packages, the newest of each series.",
            """
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
        else Show(kernels);
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

    static void Show(IReadOnlyList<KernelListing> kernels)
    {
        Console.Out.WriteLine($"{"NAME",-26} {"RELEASE",-28} {"PACKAGE",-24} {"DOWNLOAD",8}  HERE");
        foreach (var kernel in kernels)
        {
            var here = kernel.State switch { KernelState.Installed => "yes", KernelState.Outdated => "an older one", _ => "-" };
            Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{kernel.Name + (kernel.IsDefault ? " (default)" : ""),-26} {kernel.Release,-28} {kernel.PackageVersion,-24} {kernel.DownloadSize / 1e6,5:F0} MB  {here}"));
        }
    }
}
