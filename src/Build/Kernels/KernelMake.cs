using System.Diagnostics;
using Understudy.Toolchain;

namespace Understudy.Build;

/// <summary>One build of a kernel: configuration, targets, and what came of them, put where it stays.</summary>
sealed class KernelMake(
    KernelRecipe recipe, Architecture architecture, IReadOnlyList<KernelTarget> targets, BuildTools tools, SourceTree tree, KernelConfig config, string work, string home,
    Action<string> says, Action<string>? builds)
{
    const string LogName = "build.log";

    readonly List<string> _lines = [];
    readonly BuildMetadata _metadata = new(recipe, architecture, tools, tree);

    string Build => Path.Combine(work, "build");

    string Log => Path.Combine(work, LogName);

    /// <param name="staging">Where what came of it is put.</param>
    /// <param name="cancel">Ends make.</param>
    public async Task RunAsync(string staging, CancellationToken cancel)
    {
        Directory.CreateDirectory(Build);
        Directory.SetLastWriteTimeUtc(work, DateTime.UtcNow);
        File.Delete(Log);
        await ConfigureAsync(cancel).ConfigureAwait(false);
        var result = await File.ReadAllTextAsync(Path.Combine(Build, ".config"), cancel).ConfigureAwait(false);
        if (recipe.HoldsToFragments && config.Refusal(result) is { } refusal) throw new BuildFailedException(refusal, log: Log);
        foreach (var target in targets) await MakeTargetAsync(target, result, staging, cancel).ConfigureAwait(false);
        if (targets.Any(target => target.Name is "kernel" or "default" or "debugkernel")) File.Copy(Path.Combine(Build, "System.map"), Path.Combine(staging, "System.map"));
        var release = await ReleaseAsync(cancel).ConfigureAwait(false);
        if (result.Contains("\nCONFIG_MODULES=y", StringComparison.Ordinal) && File.Exists(Path.Combine(Build, "Module.symvers"))) DevelopmentTree.Make(Build, tree.Directory, staging, home, architecture, tools, release);
        Keep(result, staging);
        await File.WriteAllLinesAsync(Path.Combine(staging, LogName), _lines, cancel).ConfigureAwait(false);
        _metadata.Write(staging, release, config.Report(result), BuildLog.Read(_lines, tree.Directory));
    }

    async Task ConfigureAsync(CancellationToken cancel)
    {
        says($"configuring for {architecture.Name}");
        var path = Path.Combine(Build, ".config");
        if (config.Whole is { } whole) await File.WriteAllTextAsync(path, whole, cancel).ConfigureAwait(false);
        else await MakeAsync([config.Target!], "the configuration", cancel).ConfigureAwait(false);
        await File.AppendAllTextAsync(path, string.Concat(config.Fragments.Select(fragment => $"\n{fragment.Text}\n")), cancel).ConfigureAwait(false);
        await MakeAsync(["olddefconfig"], "the configuration", cancel).ConfigureAwait(false);
    }

    async Task<string> ReleaseAsync(CancellationToken cancel)
    {
        var built = Path.Combine(Build, "include/config/kernel.release");
        if (File.Exists(built)) return File.ReadAllText(built).Trim();
        var lines = await MakeAsync(["--no-print-directory", "-s", "kernelrelease"], "the release", cancel).ConfigureAwait(false);
        return lines.LastOrDefault(line => line.Length > 0 && !line.StartsWith("make", StringComparison.Ordinal)) ?? "";
    }

    async Task MakeTargetAsync(KernelTarget target, string result, string staging, CancellationToken cancel)
    {
        if (target.Needs is { } needs && !result.Split('\n').Contains(needs))
        {
            _metadata.Skipped(target.Name);
            return;
        }
        says($"building {target.Name}");
        var started = Stopwatch.GetTimestamp();
        if (target.Archive is { } stale && Directory.Exists(Path.Combine(Build, stale.Directory))) Directory.Delete(Path.Combine(Build, stale.Directory), recursive: true);
        foreach (var command in target.Commands(architecture, Build)) await MakeAsync(command, target.Name, cancel).ConfigureAwait(false);
        var artifact = await ArtifactAsync(target, staging, cancel).ConfigureAwait(false);
        _metadata.Passed(target.Name, Stopwatch.GetElapsedTime(started), artifact);
    }

    async Task<string?> ArtifactAsync(KernelTarget target, string staging, CancellationToken cancel)
    {
        if (target.Artifact is not { } artifact) return null;
        var name = artifact.Name.Replace("{image}", Path.GetFileName(architecture.ImagePath), StringComparison.Ordinal);
        var path = artifact.Path.Replace("{path}", architecture.ImagePath, StringComparison.Ordinal);
        if (target.Archive is { } archive)
        {
            await PackAsync(Path.Combine(Build, archive.Directory), archive.What, Path.Combine(staging, name), cancel).ConfigureAwait(false);
            if (target.Name == "modules") await HostTool.RunAsync("cp", ["-a", Path.Combine(Build, archive.Directory, archive.What), staging], "/", "keeping the modules", cancel).ConfigureAwait(false);
        }
        else if (name.EndsWith(".xz", StringComparison.Ordinal)) await HostTool.RunAsync("sh", ["-c", $"xz -T1 -1 -c '{Path.Combine(Build, path)}' > '{Path.Combine(staging, name)}'"], "/", $"packing {name}", cancel, tools.Compiler.Path).ConfigureAwait(false);
        else File.Copy(Path.Combine(Build, path), Path.Combine(staging, name));
        return name;
    }

    // What a debugger and gcov read, and no guest.
    void Keep(string result, string staging)
    {
        if (recipe.KeepsDebugModules && result.Contains("\nCONFIG_DEBUG_INFO=y", StringComparison.Ordinal))
            foreach (var module in Made("*.ko")) Copy(module, Path.Combine(staging, KernelBuild.DebugModules, Path.GetFileName(module)));
        if (!result.Contains("\nCONFIG_GCOV_KERNEL=y", StringComparison.Ordinal)) return;
        foreach (var notes in Made("*.gcno")) Copy(notes, Path.Combine(staging, KernelBuild.Notes, Path.GetRelativePath(Build, notes)));
    }

    IEnumerable<string> Made(string pattern) => Directory.EnumerateFiles(Build, pattern, SearchOption.AllDirectories).Where(path => !path.StartsWith(Path.Combine(Build, "modinstall"), StringComparison.Ordinal));

    internal static void Copy(string from, string to)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(to)!);
        File.Copy(from, to);
    }

    // Whoever packs the same files, whenever, gets the same bytes.
    Task<string> PackAsync(string directory, string what, string archive, CancellationToken cancel) => HostTool.RunAsync("tar",
        ["--sort=name", "--mtime=@0", "--owner=0", "--group=0", "--numeric-owner", "--exclude=lib/modules/*/build", "--exclude=lib/modules/*/source", "-I", "xz -T1 -1", "-cf", archive, "-C", directory, what], "/", $"packing {Path.GetFileName(archive)}", cancel, tools.Compiler.Path);

    async Task<IReadOnlyList<string>> MakeAsync(IReadOnlyList<string> command, string what, CancellationToken cancel)
    {
        var make = new MakeRun(work, [.. Common(), .. command], tools.Compiler.Path) { Log = Log, OnLine = builds, Environment = Surroundings(), Container = tools.Container is { } podman ? (podman, [tree.Directory]) : null };
        var (code, lines) = await make.RunAsync(cancel).ConfigureAwait(false);
        _lines.Add($"make {string.Join(' ', command)}");
        _lines.AddRange(lines);
        return code == 0 ? lines : throw Failed(what, lines);
    }

    IEnumerable<string> Common() =>
    [
        "-C", tree.Directory, $"O={Build}", $"-j{Environment.ProcessorCount}", $"ARCH={architecture.Make}", .. Wrapped(tools.Variables),
        $"KCFLAGS={Prefixes}", $"KAFLAGS={Prefixes}", .. recipe.MakeVariables,
    ];

    string Prefixes => $"-ffile-prefix-map={Build}=/usr/src/build -ffile-prefix-map={tree.Directory}=/usr/src/linux";

    IEnumerable<string> Wrapped(IEnumerable<string> variables) => tools.Ccache
        ? variables.Select(variable => variable.StartsWith("CC=", StringComparison.Ordinal) ? $"CC=ccache {variable[3..]}" : variable) : variables;

    // What kbuild puts into a kernel of who built it, when and where (Documentation/kbuild/reproducible-builds.rst).
    Dictionary<string, string> Surroundings() => new(tools.Environment)
    {
        ["KBUILD_BUILD_TIMESTAMP"] = "Thu Jan  1 00:00:00 UTC 1970", ["KBUILD_BUILD_USER"] = "understudy", ["KBUILD_BUILD_HOST"] = "understudy", ["KBUILD_BUILD_VERSION"] = "1",
        ["SOURCE_DATE_EPOCH"] = "0", ["LOCALVERSION"] = "", ["TZ"] = "UTC",
    };

    Exception Failed(string what, IReadOnlyList<string> lines)
    {
        if (lines.Any(line => line.Contains("No space left on device", StringComparison.Ordinal)))
            return new ToolchainException(ToolchainProblem.DiskFull, $"The disk is full while building {what} in {work}. Free some space, or point XDG_CACHE_HOME at a larger disk; the build goes on where it stopped.");
        var messages = BuildLog.Read(_lines, tree.Directory);
        var first = BuildLog.First(messages)?.ToString() ?? string.Join(" / ", lines.TakeLast(3));
        return new BuildFailedException($"{recipe.Source} does not build for {architecture.Name}, at {what}: {first}", messages, Log);
    }
}
