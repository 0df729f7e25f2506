using System.Text;
using Understudy.Verdict;

namespace Understudy.Bench;

/// <summary>What it costs to look for every kernel finding in a long console log, and whether it stays flat.</summary>
sealed class ScannerBench : IBench
{
    const int Length = 100_000_000, Chunk = 64 * 1024, LeastMegabytes = 200, MostHeld = 1_000_000;

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

    static byte[] Log()
    {
        var (body, log, end) = (FloodLog.Body(), new byte[Length], Length - FloodLog.Last.Length);
        Encoding.ASCII.GetBytes(FloodLog.First).CopyTo(log, 0);
        for (var at = FloodLog.First.Length; at < end; at += body.Length) body.AsSpan(0, Math.Min(body.Length, end - at)).CopyTo(log.AsSpan(at));
        log[end - 1] = (byte)'\n';
        Encoding.ASCII.GetBytes(FloodLog.Last).CopyTo(log, end);
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
        var found = new List<Finding>();
        var scanner = new KernelLogScanner(FindingSource.Console, found.Add);
        for (var at = 0; at < log.Length; at += Chunk) scanner.Read(log.Slice(at, Math.Min(Chunk, log.Length - at)), at / 1e6);
        scanner.End();
        FloodLog.Check(found);
        return scanner;
    }
}
