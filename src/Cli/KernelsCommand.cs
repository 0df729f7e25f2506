using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Understudy.Build;
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
            "List the kernels that can be booted by name: Debian's own packages, the newest of each series, and what 'understudy build --name' made.",
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
        var builds = new NamedBuilds(toolbox.Cache).All();
        progress.Dispose();
        if (json) CommandLine.Print(new JsonArray([.. kernels.Select(Json), .. builds.Select(build => (JsonNode)Json(build.Name, build.Build))]));
        else Show(kernels, builds);
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

    static JsonObject Json(string name, KernelBuild build) => new JsonObject
    {
        ["name"] = NamedBuilds.Scheme + name,
        ["release"] = build.Release,
        ["arch"] = build.Architecture,
        ["directory"] = build.Directory,
        ["state"] = "installed",
        ["default"] = false,
    };

    static void Show(IReadOnlyList<KernelListing> kernels, IReadOnlyList<(string Name, KernelBuild Build)> builds)
    {
        Console.Out.WriteLine($"{"NAME",-26} {"RELEASE",-28} {"PACKAGE",-24} {"DOWNLOAD",8}  HERE");
        foreach (var kernel in kernels)
        {
            var here = kernel.State switch { KernelState.Installed => "yes", KernelState.Outdated => "an older one", _ => "-" };
            Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{kernel.Name + (kernel.IsDefault ? " (default)" : ""),-26} {kernel.Release,-28} {kernel.PackageVersion,-24} {kernel.DownloadSize / 1e6,5:F0} MB  {here}"));
        }
        foreach (var (name, build) in builds) Console.Out.WriteLine($"{NamedBuilds.Scheme + name,-26} {build.Release,-28} {$"built for {build.Architecture}",-24} {"-",8}     yes");
    }
}
