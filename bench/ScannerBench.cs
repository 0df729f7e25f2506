using System.Text;
using Understudy.Verdict;

namespace Understudy.Bench;

/// <summary>What it costs to look for every kernel finding in a long console log, and whether it stays flat.</summary>
sealed class ScannerBench : IBench
{
    const int Length = 100_000_000, Chunk = 64 * 1024, LeastMegabytes = 200, MostHeld = 1_000_000;

    // Two things that happened to the driver, with everything else between them.
    const string First = "[   10.000001] BUG: kernel NULL pointer dereference, address: 0000000000000008\n[   10.000002] RIP: 0010:first_irq+0x12/0x40 [nic]\n[   10.000003] ---[ end trace 0000000000000000 ]---\n";
    const string Last = "[   99.000001] WARNING: CPU: 0 PID: 1 at net/core/dev.c:42 last_poll+0x12/0x40\n[   99.000002] ---[ end trace 0000000000000000 ]---\n";

    public string Name => "scanner";

    public string What => "KernelLogScanner over 100 MB of console in chunks of 64 KiB, against finding each line's end in the same bytes";

    public Task<IReadOnlyList<Measurement>> RunAsync(CancellationToken cancel)
    {
        var log = Log();
        var results = Rounds.Run(iterations: 1, rounds: 7, _ => CountLines(log), _ => Scan(log));
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var scanner = Scan(log);
        var held = Math.Max(0, GC.GetTotalMemory(forceFullCollection: true) - before);
        GC.KeepAlive(scanner);
        var peer = Megabytes(results[0].Nanoseconds);
        var ours = Megabytes(results[1].Nanoseconds);
        return Task.FromResult<IReadOnlyList<Measurement>>(
        [
            new("memchr for each line's end", peer, "MB/s", results[0].Bytes),
            new("every rule, both findings found", ours, "MB/s", results[1].Bytes, results[1].Nanoseconds / results[0].Nanoseconds,
                $">= {LeastMegabytes} MB/s", ours >= LeastMegabytes),
            new("held at the end of it", held / 1e3, "kB", Target: $"< {MostHeld / 1000} kB", Met: held < MostHeld),
        ]);
    }

    static double Megabytes(double nanoseconds) => Length / 1e6 / (nanoseconds / 1e9);

    // A real boot over and over, up to where it ends in a panic, between two findings.
    static byte[] Log()
    {
        var boot = File.ReadAllText(Workshop.InRepository("tests/Verdict.Tests/Logs/real-boot-without-root-6.1.log"));
        boot = boot[boot.IndexOf("[    0.000000]", StringComparison.Ordinal)..];
        var body = Encoding.UTF8.GetBytes(boot[..boot.IndexOf("Kernel panic", StringComparison.Ordinal)]);
        body = body[..(body.AsSpan().LastIndexOf((byte)'\n') + 1)];
        var log = new byte[Length];
        Encoding.ASCII.GetBytes(First).CopyTo(log, 0);
        var end = Length - Last.Length;
        for (var at = First.Length; at < end; at += body.Length) body.AsSpan(0, Math.Min(body.Length, end - at)).CopyTo(log.AsSpan(at));
        log[end - 1] = (byte)'\n';
        Encoding.ASCII.GetBytes(Last).CopyTo(log, end);
        return log;
    }

    static void CountLines(ReadOnlySpan<byte> log)
    {
        var lines = 0;
        for (int newline; (newline = log.IndexOf((byte)'\n')) >= 0; log = log[(newline + 1)..]) lines++;
        if (lines == 0) throw new InvalidOperationException("the log has no lines");
    }

    static KernelLogScanner Scan(ReadOnlySpan<byte> log)
    {
        var frames = new List<string?>();
        var scanner = new KernelLogScanner(FindingSource.Console, finding => frames.Add(finding.Frame));
        for (var at = 0; at < log.Length; at += Chunk) scanner.Read(log.Slice(at, Math.Min(Chunk, log.Length - at)), at / 1e6);
        scanner.End();
        if (frames is not ["first_irq", "last_poll"])
            throw new InvalidOperationException($"the scanner found {frames.Count} things instead of the two that are there: {string.Join(", ", frames.Take(5))}");
        return scanner;
    }
}
