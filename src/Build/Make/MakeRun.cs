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

    /// <returns>Its exit code, and what it said.</returns>
    public async Task<(int ExitCode, IReadOnlyList<string> Lines)> RunAsync(CancellationToken cancel)
    {
        using var process = Start();
        await using var kill = cancel.Register(() => Kill(process)).ConfigureAwait(false);
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

    Process Start()
    {
        var start = new ProcessStartInfo("flock", [System.IO.Path.Combine(Directory, LockName), "make", .. Arguments])
        {
            RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = Directory,
        };
        foreach (var inherited in (string[])["MAKEFLAGS", "MFLAGS", "MAKEOVERRIDES", "KBUILD_OUTPUT", "ARCH", "CROSS_COMPILE", "KCFLAGS", "LOCALVERSION"]) start.Environment.Remove(inherited);
        start.Environment["LC_ALL"] = start.Environment["LANG"] = "C";
        start.Environment["PATH"] = string.Join(':', [.. Path, start.Environment["PATH"]]);
        foreach (var (name, value) in Environment) start.Environment[name] = value;
        try
        {
            return Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception missing)
        {
            throw new ToolchainException(ToolchainProblem.MissingHostTool, $"'flock' cannot be run ({missing.Message}): install the package util-linux.", missing);
        }
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
