using System.ComponentModel;
using System.Diagnostics;

namespace Understudy.Runner.Suites;

/// <summary>Runs <c>dotnet</c> to its end, or to the end of its time.</summary>
static class TestProgram
{
    /// <summary>How it ended, and what it said.</summary>
    /// <param name="ExitCode">128 and more for a signal; null when it was killed because its time was over.</param>
    /// <param name="Stdout">Its standard output, head and tail.</param>
    /// <param name="Stderr">Its standard error, likewise.</param>
    public sealed record Ending(int? ExitCode, byte[] Stdout, byte[] Stderr);

    /// <summary>Runs it.</summary>
    /// <exception cref="TestErrorException">There is no <c>dotnet</c>.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; it is killed with all it started.</exception>
    public static async Task<Ending> RunAsync(IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string> environment, TimeSpan limit, CancellationToken cancel)
    {
        using var process = Start(arguments, environment);
        var (stdout, stderr) = (CollectAsync(process.StandardOutput.BaseStream), CollectAsync(process.StandardError.BaseStream));
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        over.CancelAfter(limit);
        try
        {
            await process.WaitForExitAsync(over.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync(CancellationToken.None).ConfigureAwait(false);
            cancel.ThrowIfCancellationRequested();
            return new Ending(null, await stdout.ConfigureAwait(false), await stderr.ConfigureAwait(false));
        }
        return new Ending(process.ExitCode, await stdout.ConfigureAwait(false), await stderr.ConfigureAwait(false));
    }

    static Process Start(IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string> environment)
    {
        var start = new ProcessStartInfo("dotnet", arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in environment) start.Environment[name] = value;
        try
        {
            var process = Process.Start(start)!;
            process.StandardInput.Close();
            return process;
        }
        catch (Win32Exception missing)
        {
            throw new TestErrorException($"tests in C# need the .NET SDK, and 'dotnet' cannot be run: {missing.Message}");
        }
    }

    // What a program started may hold its pipes open after its end: nobody waits for that longer than a moment.
    static async Task<byte[]> CollectAsync(Stream from)
    {
        using var kept = new MemoryStream();
        using (var capped = new CappedFile(() => kept))
        {
            var piece = new byte[64 << 10];
            int count;
            while ((count = await from.ReadAsync(piece).ConfigureAwait(false)) > 0) capped.Write(piece.AsSpan(0, count));
        }
        return kept.ToArray();
    }
}
