using System.Diagnostics;
using Understudy.Toolchain;

namespace Understudy.Build;

/// <summary>Runs the small programs a build needs beside make: git, tar, patch, cp.</summary>
static class HostTool
{
    public static bool Has(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(directory => File.Exists(Path.Combine(directory, program)));

    /// <summary>Runs one that may fail; <paramref name="path"/> comes before PATH for what it calls.</summary>
    /// <returns>Its exit code and what it said.</returns>
    public static async Task<(int ExitCode, string Output, string Error)> TryAsync(string program, IReadOnlyList<string> arguments, string directory, CancellationToken cancel, IReadOnlyList<string>? path = null)
    {
        if (!Path.IsPathRooted(program) && !Has(program)) throw new ToolchainException(ToolchainProblem.MissingHostTool, $"The program '{program}' is not in PATH: install it (sudo apt-get install {Package(program)}).");
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = directory };
        start.Environment["LC_ALL"] = "C";
        start.Environment["GIT_TERMINAL_PROMPT"] = "0";
        start.Environment["PATH"] = string.Join(':', [.. path ?? [], start.Environment["PATH"]]);
        using var process = Process.Start(start)!;
        await using var kill = cancel.Register(() => MakeRun.Kill(process)).ConfigureAwait(false);
        var (output, error) = (process.StandardOutput.ReadToEndAsync(CancellationToken.None), process.StandardError.ReadToEndAsync(CancellationToken.None));
        await Task.WhenAll(output, error).ConfigureAwait(false);
        await process.WaitForExitAsync(CancellationToken.None).ConfigureAwait(false);
        cancel.ThrowIfCancellationRequested();
        return (process.ExitCode, output.Result, error.Result);
    }

    /// <summary>Runs one that has to succeed.</summary>
    /// <exception cref="ToolchainException">It does not; its words are in the message.</exception>
    public static async Task<string> RunAsync(string program, IReadOnlyList<string> arguments, string directory, string doing, CancellationToken cancel, IReadOnlyList<string>? path = null)
    {
        var (code, output, error) = await TryAsync(program, arguments, directory, cancel, path).ConfigureAwait(false);
        if (code == 0) return output;
        var words = string.Join(" / ", (error + output).Split('\n', StringSplitOptions.RemoveEmptyEntries).TakeLast(4));
        if (words.Contains("No space left on device", StringComparison.Ordinal)) throw new ToolchainException(ToolchainProblem.DiskFull, $"The disk is full while {doing}. Free some space, or point XDG_CACHE_HOME at a larger disk.");
        throw new ToolchainException(ToolchainProblem.ProgramFailed, $"{Path.GetFileName(program)} failed with exit code {code} while {doing}: {words}");
    }

    static string Package(string program) => program switch { "xz" => "xz-utils", _ => program };
}
