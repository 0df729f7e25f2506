using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Understudy.Build;
using Understudy.Toolchain;
using Understudy.Verdict;

namespace Understudy.Cli;

/// <summary><c>understudy build</c>: kernels; <c>understudy build module</c>: external modules.</summary>
static class BuildCommand
{
    static readonly Argument<string?> s_source = new("SOURCE") { Description = "A directory, a tarball, the URL of a git repository, or debian:7.2; the profile's own unless told", Arity = ArgumentArity.ZeroOrOne };
    static readonly Argument<string[]> s_targets = new("TARGET") { Description = "kernel, modules, config, headers, dtbs, debugkernel, default, kselftest, perf; kernel and modules unless told. After --: NAME=VALUE for make", Arity = ArgumentArity.ZeroOrMore };
    static readonly Option<string?> s_ref = new("--ref") { Description = "Branch, tag or commit of a git repository", HelpName = "REF" };
    static readonly Option<string?> s_profile = new("--profile") { Description = $"A named recipe, with variants after a slash: {string.Join(", ", Profile.All.Select(profile => profile.Name))}", HelpName = "NAME[/VARIANT[+VARIANT]]" };
    static readonly Option<string?> s_board = new("--board") { Description = "The kernel of a board: its profile, of which --profile then names the variants (kasan+lockdep)", HelpName = "NAME" };
    static readonly Option<string?> s_architecture = new("--arch") { Description = "x86_64 unless told; um, arm64, arm, riscv, ...", HelpName = "ARCH" };
    static readonly Option<string?> s_toolchain = new("--toolchain") { Description = "gcc unless told; gcc-13, clang, clang-19: this host's, or Debian's where it has none", HelpName = "NAME" };
    static readonly Option<string[]> s_config = new("--config") { Description = "What the configuration begins from (defconfig, tinyconfig, a file, debian), then fragments and CONFIG_X=y, in order; over the profile's where there is one", HelpName = "CONFIG", AllowMultipleArgumentsPerToken = true };
    static readonly Option<string[]> s_patches = new("--patch") { Description = "Patches to apply, in order", HelpName = "FILE", AllowMultipleArgumentsPerToken = true };
    static readonly Option<bool> s_inRoot = new("--in-root") { Description = "Take all programs from Debian packages in the cache, whatever this host has" };
    static readonly Option<string?> s_podman = new("--podman") { Description = "Run make in a container of this image, with the compilers in it", HelpName = "IMAGE" };
    static readonly Option<string?> s_name = new("--name") { Description = "A name to boot it by: --kernel build:NAME", HelpName = "NAME" };
    static readonly Option<string?> s_output = new("--output") { Description = "Copy what came of it there, in TuxMake's layout", HelpName = "DIR" };
    static readonly Option<bool> s_json = CommandLine.Json();

    public static Command Create()
    {
        var command = new Verb("build",
            "Build a kernel: any source, configuration, architecture and toolchain, once; asked for the same again, it answers at once. Without a compiler on this host, Debian's is fetched into the cache. Exit code 1 where the sources do not build.",
            """
            understudy build --profile qemu --name small           then: understudy boot --kernel build:small
            understudy build debian:7.2 --config tinyconfig CONFIG_64BIT=y CONFIG_PRINTK=y
            understudy build ~/linux --config defconfig kvm_guest.config debug.config --toolchain clang-19 kernel modules
            understudy build https://example.org/linux.git --ref v7.2 --arch arm64 kernel dtbs -- KCFLAGS=-Werror
            understudy build --board uml --profile kasan+lockdep
            understudy build ~/linux --podman docker.io/tuxmake/x86_64_gcc-14 --config defconfig
            understudy build module drivers/nic --kernel debian:6.12
            """) { s_source, s_targets, s_ref, s_board, s_profile, s_architecture, s_toolchain, s_config, s_patches, s_inRoot, s_podman, s_name, s_output, s_json };
        command.Subcommands.Add(BuildModuleCommand.Create());
        command.SetAction((parsed, cancel) => CommandLine.GuardAsync(parsed.GetValue(s_json), () => RunAsync(parsed, cancel)));
        return command;
    }

    static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancel)
    {
        var recipe = Recipe(parsed);
        if (parsed.GetValue(s_name) is { } wanted) NamedBuilds.RequireName(wanted);
        var json = parsed.GetValue(s_json);
        using var progress = new ProvisionDisplay(quiet: json);
        var toolbox = new Toolbox(UnderstudyCache.Open(), progress);
        var started = Stopwatch.GetTimestamp();
        try
        {
            var build = await new KernelBuilder(toolbox).BuildAsync(recipe, text => progress.Line($"  {text}"), line => progress.Status(line.Trim()), cancel).ConfigureAwait(false);
            if (parsed.GetValue(s_name) is { } name) new NamedBuilds(toolbox.Cache).Name(name, build);
            if (parsed.GetValue(s_output) is { } output) Deliver(build, output);
            if (json) CommandLine.Print(Json(build));
            else Show(progress, build, Stopwatch.GetElapsedTime(started));
            return ExitCode.Pass;
        }
        catch (BuildFailedException failed)
        {
            if (parsed.GetValue(s_output) is { } output && failed.Log is { } log)
            {
                Directory.CreateDirectory(output);
                File.Copy(log, Path.Combine(output, "build.log"), overwrite: true);
            }
            return BuildModuleCommand.Tell(failed, json);
        }
    }

    static KernelRecipe Recipe(ParseResult parsed)
    {
        var words = parsed.GetValue(s_targets) ?? [];
        if (parsed.GetValue(s_inRoot) && parsed.GetValue(s_podman) is not null) throw new UsageException("--in-root takes the programs from Debian packages, and --podman from an image: leave one out");
        var profile = string.Join('/', new[] { parsed.GetValue(s_board), parsed.GetValue(s_profile) }.OfType<string>()) is { Length: > 0 } name ? Profile.Recipe(name) : null;
        var source = parsed.GetValue(s_source) ?? profile?.Source ?? throw new UsageException("name a source (a directory, a tarball, a git URL, debian:7.2), or a --profile, which has one of its own");
        var recipe = (profile ?? new KernelRecipe(source)) with { Source = source, Ref = parsed.GetValue(s_ref), InRoot = parsed.GetValue(s_inRoot), Image = parsed.GetValue(s_podman), MakeVariables = [.. profile?.MakeVariables ?? [], .. words.Where(IsVariable)] };
        return recipe with
        {
            Architecture = parsed.GetValue(s_architecture) ?? recipe.Architecture,
            Toolchain = parsed.GetValue(s_toolchain) ?? recipe.Toolchain,
            Config = [.. recipe.Config, .. parsed.GetValue(s_config) ?? []],
            Patches = [.. recipe.Patches, .. parsed.GetValue(s_patches) ?? []],
            Targets = words.Any(word => !IsVariable(word)) ? [.. words.Where(word => !IsVariable(word))] : recipe.Targets,
        };
    }

    static bool IsVariable(string word) => word.Contains('=', StringComparison.Ordinal);

    static void Deliver(KernelBuild build, string output)
    {
        Directory.CreateDirectory(output);
        foreach (var artifact in build.Artifacts) File.Copy(artifact, Path.Combine(output, Path.GetFileName(artifact)), overwrite: true);
    }

    static void Show(ProvisionDisplay progress, KernelBuild build, TimeSpan took)
    {
        foreach (var request in build.Config.Where(request => !request.IsGranted)) progress.Line(Terminal.Styled("yellow", $"  {request}"));
        var asked = build.Config.Count == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $", {build.Config.Count(request => request.IsGranted)} of {build.Config.Count} configuration requests granted");
        progress.Line(string.Create(CultureInfo.InvariantCulture, $"{build.Release} for {build.Architecture}: {(build.WasKnown ? "built before" : "built")} ({took.TotalSeconds:F1} s){asked}{(build.Warnings > 0 ? $", {build.Warnings} warnings" : "")}"));
        foreach (var artifact in build.Artifacts) progress.Line($"  {artifact}");
    }

    static JsonObject Json(KernelBuild build) => new()
    {
        ["release"] = build.Release,
        ["arch"] = build.Architecture,
        ["known"] = build.WasKnown,
        ["directory"] = build.Directory,
        ["image"] = build.Image,
        ["artifacts"] = new JsonArray([.. build.Artifacts.Select(path => (JsonNode)path)]),
        ["warnings"] = build.Warnings,
        ["notGranted"] = new JsonArray([.. build.Config.Where(request => !request.IsGranted).Select(request => (JsonNode)new JsonObject { ["symbol"] = request.Symbol, ["asked"] = request.Asked, ["granted"] = request.Granted, ["origin"] = request.Origin })]),
    };
}
