using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using Understudy.Runner.Suites;
using Understudy.Verdict;

namespace Understudy.Runner.Pipelines;

/// <summary>A program of the host, run to its end with everything it says in a file.</summary>
/// <param name="Program">What to run, with its arguments.</param>
/// <param name="Directory">Where.</param>
/// <param name="Log">The file for what it says.</param>
sealed record HostScript(IReadOnlyList<string> Program, string Directory, string Log)
{
    static readonly TimeSpan s_grace = TimeSpan.FromSeconds(2);

    const int TailLength = 16 << 10, TailLines = 20;

    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    public TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(10);

    /// <returns>Its exit code, null when it was over its time; and its last lines.</returns>
    /// <exception cref="Win32Exception">There is no such program.</exception>
    public async Task<(int? ExitCode, IReadOnlyList<string> Lines)> RunAsync(Action<string> says, CancellationToken cancel)
    {
        using var process = Start();
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        using var leave = new CancellationTokenSource();
        over.CancelAfter(Timeout);
        await using var kill = over.Token.Register(() => Kill(process)).ConfigureAwait(false);
        using var log = new CappedFile(() => File.Create(Log));
        var tail = new List<byte>();
        // Together, as on a terminal.
        var reading = Task.WhenAll(ReadAsync(process.StandardOutput.BaseStream), ReadAsync(process.StandardError.BaseStream));
        await process.WaitForExitAsync(CancellationToken.None).ConfigureAwait(false);
        // What it has left running, and holds its output open, ends with it; what has gone out of its session is left alone.
        if (await Task.WhenAny(reading, Task.Delay(s_grace, CancellationToken.None)).ConfigureAwait(false) != reading) KillSession(process);
        leave.CancelAfter(s_grace);
        await reading.ConfigureAwait(false);
        cancel.ThrowIfCancellationRequested();
        return (over.IsCancellationRequested ? null : process.ExitCode, Lines(tail));

        async Task ReadAsync(Stream from)
        {
            var buffer = new byte[8192];
            for (int length; (length = await NextAsync(from, buffer).ConfigureAwait(false)) > 0;)
                lock (tail)
                {
                    log.Write(buffer.AsSpan(0, length));
                    tail.AddRange(buffer.AsSpan(0, length));
                    if (tail.Count > TailLength) tail.RemoveRange(0, tail.Count - TailLength);
                    if (Lines(tail) is [.., var last]) says(last);
                }
        }

        async Task<int> NextAsync(Stream from, byte[] buffer)
        {
            try
            {
                return await from.ReadAsync(buffer, leave.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                // Somebody else holds it open: what was read is all.
                return 0;
            }
        }
    }

    /// <summary>What the end of a shell command means.</summary>
    public static CellVerdict Verdict(int? code, IReadOnlyList<string> lines, TimeSpan timeout)
    {
        var last = lines.Count > 0 ? lines[^1] : "";
        return code switch
        {
            0 => new CellVerdict(Outcome.Pass, last.Length > 0 ? last : "exit code 0"),
            4 => new CellVerdict(Outcome.Skip, last.Length > 0 ? last : "exit code 4, and no word why"),
            126 or 127 => new CellVerdict(Outcome.Broken, string.Create(CultureInfo.InvariantCulture, $"a program is missing or cannot be run (exit code {code}): {last}")),
            null => new CellVerdict(Outcome.Fail, string.Create(CultureInfo.InvariantCulture, $"it was not over after {timeout.TotalSeconds:0.###} s, and was killed")),
            _ => new CellVerdict(Outcome.Fail, string.Create(CultureInfo.InvariantCulture, $"exit code {code}{(last.Length > 0 ? $": {last}" : "")}")),
        } with { Evidence = code is 0 or 4 ? [] : lines };
    }

    Process Start()
    {
        var start = new ProcessStartInfo("setsid", Program) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = Directory };
        foreach (var (name, value) in Environment) start.Environment[name] = value;
        var process = Process.Start(start)!;
        process.StandardInput.Close();
        return process;
    }

    static IReadOnlyList<string> Lines(List<byte> bytes) => [.. System.Text.Encoding.UTF8.GetString([.. bytes]).Split('\n')
        .Select(line => string.Concat(line.Where(c => !char.IsControl(c))).Trim()).Where(line => line.Length > 0).TakeLast(TailLines)];

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
        KillSession(process);
    }

    static void KillSession(Process process)
    {
        using var kill = Process.Start(new ProcessStartInfo("kill", ["-KILL", "--", string.Create(CultureInfo.InvariantCulture, $"-{process.Id}")]) { RedirectStandardError = true })!;
        kill.WaitForExit();
    }
}
