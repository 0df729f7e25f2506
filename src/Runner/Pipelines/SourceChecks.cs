using System.Globalization;
using Understudy.Build;
using Understudy.Toolchain;
using Understudy.Verdict;

namespace Understudy.Runner.Pipelines;

/// <summary>The kernel's own checks of a driver's sources. Where one cannot be had, that is a skip with its reason.</summary>
sealed class SourceChecks(Toolbox toolbox)
{
    const string Perl = "perl", Scheme = "debian:";

    public async Task<CellVerdict> CheckpatchAsync(CellTask task, CancellationToken cancel)
    {
        if (!task.Cell.Kernel.StartsWith(Scheme, StringComparison.Ordinal)) return Skip($"checkpatch.pl comes from the sources of a kernel of Debian, and {task.Cell.Kernel} is none");
        if (!(Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(directory => File.Exists(Path.Combine(directory, Perl)))) return Skip("checkpatch.pl needs perl, which is not in PATH");
        var kernel = await Lab.KernelAsync(toolbox, new LabRequest(task.Cell.Kernel, Board: task.Cell.Board), cancel).ConfigureAwait(false);
        var series = string.Join('.', kernel.Release.Split('.', '-').Take(2));
        if (await HadAsync(() => toolbox.KernelSourceAsync(series, cancel)).ConfigureAwait(false) is not { Value.Directory: { } tree } source) return Skip($"checkpatch.pl cannot be had: {LastWhy}");
        Directory.CreateDirectory(task.Directory);
        string[] files = [.. task.Cell.Step.What.SelectMany(FilesOf)];
        string[] ignored = task.Cell.Step.Allowed.Count > 0 ? ["--ignore", string.Join(',', task.Cell.Step.Allowed)] : [];
        var script = new HostScript([Perl, Path.Combine(tree, "scripts/checkpatch.pl"), "--no-tree", "--no-summary", "--terse", "--show-types", .. ignored, "-f", .. files], task.Directory, Path.Combine(task.Directory, CellPlayer.LogName));
        var (code, lines) = await script.RunAsync(task.Says, cancel).ConfigureAwait(false);
        var verdict = HostScript.Verdict(code, lines, script.Timeout) with { Page = File.Exists(script.Log) ? CellPlayer.LogName : null };
        return verdict.Outcome != Outcome.Pass ? verdict
            : verdict with { Reason = string.Create(CultureInfo.InvariantCulture, $"{files.Length} files, nothing to say (linux-source {source.Value.Version}{(ignored.Length > 0 ? $", without {ignored[1]}" : "")})") };
    }

    public async Task<CellVerdict> SparseAsync(CellTask task, CancellationToken cancel)
    {
        if (await HadAsync(() => toolbox.ProgramsAsync(["sparse"], cancel)).ConfigureAwait(false) is not { Value: { } root }) return Skip($"sparse cannot be had: {LastWhy}");
        var kernel = await Lab.KernelAsync(toolbox, new LabRequest(task.Cell.Kernel, Board: task.Cell.Board), cancel).ConfigureAwait(false);
        var said = new List<string>();
        foreach (var source in task.Cell.Step.What)
        {
            task.Says($"{Path.GetFileName(source)} for {kernel.Release}");
            var built = await new ModuleBuilder(toolbox).BuildAsync(source, kernel, ["C=2", $"CHECK={Path.Combine(root, "usr/bin/sparse")}"], cancel).ConfigureAwait(false);
            said.AddRange(built.Warnings.Select(warning => warning.ToString()));
        }
        return said.Count == 0 ? new CellVerdict(Outcome.Pass, $"nothing to say for {kernel.Release}")
            : new CellVerdict(Outcome.Fail, string.Create(CultureInfo.InvariantCulture, $"{said.Count} complaints for {kernel.Release}: {said[0]}")) { Evidence = said };
    }

    string LastWhy { get; set; } = "";

    async Task<Had<T>?> HadAsync<T>(Func<Task<T>> fetch)
    {
        try
        {
            return new Had<T>(await fetch().ConfigureAwait(false));
        }
        catch (ToolchainException cannot)
        {
            LastWhy = cannot.Message;
            return null;
        }
    }

    static CellVerdict Skip(string why) => new(Outcome.Skip, why);

    static IEnumerable<string> FilesOf(string path) => File.Exists(path) ? [path]
        : Directory.EnumerateFiles(path, "*", SearchOption.AllDirectories).Where(file => Path.GetExtension(file) is ".c" or ".h").Order(StringComparer.Ordinal);

    sealed record Had<T>(T Value);
}
