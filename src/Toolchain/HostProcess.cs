using System.ComponentModel;
using System.Diagnostics;
using System.Text;

namespace Understudy.Toolchain;

/// <summary>A program of the host or of a prefix, with what it is run with.</summary>
sealed record HostCommand(string FileName, IReadOnlyList<string> Arguments)
{
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();
    public string? WorkingDirectory { get; init; }

    /// <summary>Called with each line of standard output as it comes; such lines are not collected.</summary>
    public Action<string>? OnLine { get; init; }

    /// <summary>Written to standard input, which is otherwise empty.</summary>
    public ReadOnlyMemory<byte> Input { get; init; }

    /// <summary>A file that receives standard output as bytes.</summary>
    public string? OutputFile { get; init; }

    /// <summary>The most bytes that file may have.</summary>
    public long MostOutput { get; init; } = long.MaxValue;
}

/// <summary>How a program ended, and what it said.</summary>
sealed record HostResult(int ExitCode, string Output, string Error);

/// <summary>Runs programs to their end; cancelling kills them and their children.</summary>
static class HostProcess
{
    public static async Task<HostResult> RunAsync(HostCommand command, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        using var process = Start(command);
        await using var kill = cancel.Register(() => Kill(process)).ConfigureAwait(false);

        var output = new StringBuilder();
        var feeding = FeedAsync(process, command.Input);
        var reading = command.OutputFile is { } file
            ? LimitedFile.WriteAsync(file, process.StandardOutput.BaseStream, command.MostOutput, $"What is written to {file}", CancellationToken.None)
            : ReadAsync(process.StandardOutput, command.OnLine ?? (line => output.Append(line).Append('\n')));
        var error = process.StandardError.ReadToEndAsync(CancellationToken.None);
        try
        {
            await Task.WhenAll(feeding, reading, error).ConfigureAwait(false);
        }
        catch
        {
            Kill(process);
            throw;
        }
        await process.WaitForExitAsync(CancellationToken.None).ConfigureAwait(false);
        cancel.ThrowIfCancellationRequested();
        return new HostResult(process.ExitCode, output.ToString(), await error.ConfigureAwait(false));
    }

    /// <summary>Runs a program that has to succeed.</summary>
    public static async Task<HostResult> RequireAsync(HostCommand command, string doing, CancellationToken cancel)
    {
        var result = await RunAsync(command, cancel).ConfigureAwait(false);
        if (result.ExitCode == 0) return result;
        var words = Tail(result.Error.Length > 0 ? result.Error : result.Output);
        if (ToolchainException.IsDiskFull(words))
            throw new ToolchainException(ToolchainProblem.DiskFull,
                $"The disk is full while {doing} ({words}). Free some space, or point XDG_CACHE_HOME at a larger disk.");
        throw new ToolchainException(ToolchainProblem.ProgramFailed,
            $"{Path.GetFileName(command.FileName)} failed with exit code {result.ExitCode} while {doing}: {words}");
    }

    static Process Start(HostCommand command)
    {
        var start = new ProcessStartInfo(command.FileName, command.Arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = command.WorkingDirectory ?? "",
        };
        foreach (var (name, value) in command.Environment) start.Environment[name] = value;
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception failure)
        {
            throw new ToolchainException(ToolchainProblem.MissingHostTool,
                $"The program '{command.FileName}' cannot be run ({failure.Message}). It is part of every Debian and Ubuntu " +
                "(packages apt, dpkg, util-linux); is this one of them, and is it in PATH?", failure);
        }
    }

    static async Task FeedAsync(Process process, ReadOnlyMemory<byte> input)
    {
        try
        {
            await process.StandardInput.BaseStream.WriteAsync(input).ConfigureAwait(false);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // The program ended without reading all of its input; its exit code and words say why.
            return;
        }
    }

    static async Task ReadAsync(StreamReader reader, Action<string> onLine)
    {
        while (await reader.ReadLineAsync().ConfigureAwait(false) is { } line) onLine(line);
    }

    static void Kill(Process process)
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

    static string Tail(string words)
    {
        var lines = words.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return lines.Length == 0 ? "it said nothing" : string.Join(" / ", lines.TakeLast(4));
    }
}
