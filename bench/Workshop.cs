using System.Diagnostics;
using System.Globalization;
using Understudy.Build;
using Understudy.Runner;
using Understudy.Toolchain;

namespace Understudy.Bench;

/// <summary>What the benches are made with: a toolbox, labs, and the compiled probe.</summary>
sealed class Workshop
{
    /// <summary>The kernel of the figures of record.</summary>
    public const string Kernel = "debian:6.1";

    public Toolbox Toolbox { get; } = new(UnderstudyCache.Open());

    public Task<Lab> OpenLabAsync(string kernel, CancellationToken cancel) => Lab.OpenAsync(Toolbox, new LabRequest(kernel), cancel);

    /// <summary>The path of the probe: one static program that runs here and in the guest.</summary>
    public Task<string> ProbeAsync(CancellationToken cancel) => Toolbox.CompileAsync([Path.Combine(AppContext.BaseDirectory, "probe.c")], cancel);

    /// <summary>The path of the module of drivers/bench, built for a kernel.</summary>
    /// <exception cref="BenchSkippedException">It cannot be built here.</exception>
    public async Task<string> ModuleAsync(Kernel kernel, CancellationToken cancel)
    {
        try
        {
            return (await new ModuleBuilder(Toolbox).BuildAsync(InRepository("drivers/bench"), kernel, cancel: cancel)).Modules[0].Path;
        }
        catch (ToolchainException missing)
        {
            throw new BenchSkippedException(missing.Message);
        }
    }

    /// <summary>The figures the probe prints when it is run on this host.</summary>
    public async Task<double[]> RunProbeAsync(IReadOnlyList<string> arguments, CancellationToken cancel)
    {
        var start = new ProcessStartInfo(await ProbeAsync(cancel), arguments) { RedirectStandardOutput = true };
        using var process = Process.Start(start) ?? throw new InvalidOperationException($"{start.FileName} did not start");
        var words = await process.StandardOutput.ReadToEndAsync(cancel);
        await process.WaitForExitAsync(cancel);
        return process.ExitCode == 0 ? Figures(words) : throw new InvalidOperationException($"probe {string.Join(' ', arguments)} ended with {process.ExitCode}");
    }

    public static double[] Figures(string words)
        => [.. words.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Select(word => double.Parse(word, CultureInfo.InvariantCulture))];

    /// <summary>A directory or file of the repository the benches were built from.</summary>
    public static string InRepository(string path)
    {
        for (var directory = AppContext.BaseDirectory; directory is not null; directory = Path.GetDirectoryName(directory))
            if (File.Exists(Path.Combine(directory, "Understudy.slnx"))) return Path.Combine(directory, path);
        throw new BenchSkippedException($"{path} is not found: this bench runs in a clone of the repository (bench/run)");
    }
}
