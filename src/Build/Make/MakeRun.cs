using System.Diagnostics;
using System.Text;
using Understudy.Toolchain;

namespace Understudy.Build;

/// <summary>Runs make, in a language and with names that are the same everywhere, and keeps what it says.</summary>
/// <param name="Directory">Where it runs; also where its lock is, which make itself holds: one that outlives us keeps the next one out.</param>
/// <param name="Arguments">Its arguments.</param>
/// <param name="Path">Directories in front of PATH.</param>
sealed record MakeRun(string Directory, IReadOnlyList<string> Arguments, IReadOnlyList<string> Path)
{
    const string LockName = ".understudy-make";

    /// <summary>A file that what it says is added to.</summary>
    public required string Log { get; init; }

    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    public Action<string>? OnLine { get; init; }

    /// <summary>The container it runs in, and what of this host it may read there besides its directory; null for this host itself.</summary>
    public (Podman Podman, IReadOnlyList<string> Readable)? Container { get; init; }

    /// <returns>Its exit code, and what it said.</returns>
    public async Task<(int ExitCode, IReadOnlyList<string> Lines)> RunAsync(CancellationToken cancel)
    {
        var name = $"understudy-make-{Guid.NewGuid():N}";
        using var process = Start(name);
        await using var kill = cancel.Register(() => End(process, name)).ConfigureAwait(false);
        var lines = new List<string>();
        await using (var log = new StreamWriter(Log, append: true, new UTF8Encoding(false)))
        {
            await log.WriteLineAsync($"make {string.Join(' ', Arguments)}").ConfigureAwait(false);
            await Task.WhenAll(ReadAsync(process.StandardOutput), ReadAsync(process.StandardError)).ConfigureAwait(false);

            async Task ReadAsync(StreamReader reader)
            {
                while (await reader.ReadLineAsync(CancellationToken.None).ConfigureAwait(false) is { } line)
                    lock (lines)
                    {
                        lines.Add(line);
                        log.WriteLine(line);
                        OnLine?.Invoke(line);
                    }
            }
        }
        await process.WaitForExitAsync(CancellationToken.None).ConfigureAwait(false);
        cancel.ThrowIfCancellationRequested();
        return (process.ExitCode, lines);
    }

    Process Start(string name)
    {
        string[] command = ["flock", System.IO.Path.Combine(Directory, LockName), "make", .. Arguments];
        var environment = new Dictionary<string, string>(Environment) { ["LC_ALL"] = "C", ["LANG"] = "C" };
        var start = Container is var (podman, readable) ? podman.Run(name, command, Directory, readable, environment) : OnHost(command, environment);
        start.RedirectStandardOutput = start.RedirectStandardError = true;
        start.WorkingDirectory = Directory;
        try
        {
            return Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception missing)
        {
            throw new ToolchainException(ToolchainProblem.MissingHostTool, $"'{start.FileName}' cannot be run ({missing.Message}): install the package {(Container is null ? "util-linux" : start.FileName)}.", missing);
        }
    }

    ProcessStartInfo OnHost(string[] command, Dictionary<string, string> environment)
    {
        var start = new ProcessStartInfo(command[0], command[1..]);
        foreach (var inherited in (string[])["MAKEFLAGS", "MFLAGS", "MAKEOVERRIDES", "KBUILD_OUTPUT", "ARCH", "CROSS_COMPILE", "KCFLAGS", "LOCALVERSION"]) start.Environment.Remove(inherited);
        start.Environment["PATH"] = string.Join(':', [.. Path, start.Environment["PATH"]]);
        foreach (var (variable, value) in environment) start.Environment[variable] = value;
        return start;
    }

    // What runs in a container is no child of podman's.
    void End(Process process, string name)
    {
        if (Container is not null) Podman.Stop(name);
        Kill(process);
    }

    internal static void Kill(Process process)
    {
        try
        {
            process.Kill(entireProcessTree: true);
        }
        catch (InvalidOperationException)
        {
            // It has ended by itself, which is what was wanted.
            return;
        }
    }
}
