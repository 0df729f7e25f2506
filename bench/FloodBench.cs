using System.Diagnostics;
using System.IO.Pipes;
using System.Runtime.CompilerServices;
using System.Text;
using Understudy.Verdict;

namespace Understudy.Bench;

/// <summary>What it costs to look for findings in a console that has gone mad, and whether any is lost.</summary>
sealed class FloodBench : ILongBench
{
    const long Length = 1_000_000_000;
    const int Samples = 3, ReadAtOnce = 16 * 1024, MostHeld = 1_000_000;
    const double MostRatio = 2;

    public string Name => "flood";

    public string What => "1 GB of console through a pipe, a finding at either end: KernelLogScanner against a StreamReader that takes the same lines off the same pipe";

    public async IAsyncEnumerable<Measurement> MeasureAsync(int? samples, [EnumeratorCancellation] CancellationToken cancel)
    {
        var body = FloodLog.Body();
        Series bytes = new("reading the bytes", "s"), lines = new("reading the lines", "s"), ours = new("every rule, both findings found", "s"), held = new("held at the end of it", "kB");
        for (var warm = 0; warm < 50; warm++) Scan(new MemoryStream([.. Encoding.ASCII.GetBytes(FloodLog.First), .. body, .. Encoding.ASCII.GetBytes(FloodLog.Last)]), []);      // compiled before it is timed
        for (var round = 0; round < (samples ?? Samples); round++)
        {
            bytes.Add(await ThroughPipeAsync(body, ReadBytes, cancel));
            lines.Add(await ThroughPipeAsync(body, ReadLines, cancel));
            var found = new List<Finding>();
            var before = GC.GetTotalMemory(forceFullCollection: true);
            KernelLogScanner? scanner = null;
            ours.Add(await ThroughPipeAsync(body, stream => scanner = Scan(stream, found), cancel));
            held.Add(Math.Max(0, GC.GetTotalMemory(forceFullCollection: true) - before) / 1e3);
            GC.KeepAlive(scanner);
            FloodLog.Check(found);
        }
        yield return bytes.Line();
        yield return lines.Line();
        yield return ours.Against(lines, $"<= {MostRatio:0}x reading the lines", ratio => ratio <= MostRatio);
        yield return held.Judged($"< {MostHeld / 1000} kB", kilobytes => kilobytes < MostHeld / 1e3);
    }

    static async Task<double> ThroughPipeAsync(byte[] body, Action<Stream> read, CancellationToken cancel)
    {
        await using var reading = new AnonymousPipeServerStream(PipeDirection.In);
        var writing = new AnonymousPipeClientStream(PipeDirection.Out, reading.ClientSafePipeHandle);
        var began = Stopwatch.GetTimestamp();
        var writer = Task.Run(() => WriteAll(writing, body, cancel), cancel);
        read(reading);
        await writer;
        return Stopwatch.GetElapsedTime(began).TotalSeconds;
    }

    static void WriteAll(Stream pipe, byte[] body, CancellationToken cancel)
    {
        using (pipe)
        {
            pipe.Write(Encoding.ASCII.GetBytes(FloodLog.First));
            for (long written = 0; written < Length; written += body.Length)
            {
                cancel.ThrowIfCancellationRequested();
                pipe.Write(body);
            }
            pipe.Write(Encoding.ASCII.GetBytes(FloodLog.Last));
        }
    }

    static void ReadBytes(Stream stream)
    {
        var buffer = new byte[ReadAtOnce];
        while (stream.Read(buffer) > 0) { }
    }

    static KernelLogScanner Scan(Stream stream, List<Finding> found)
    {
        var (scanner, buffer, began) = (new KernelLogScanner(FindingSource.Console, found.Add), new byte[ReadAtOnce], Stopwatch.GetTimestamp());
        for (int length; (length = stream.Read(buffer)) > 0;) scanner.Read(buffer.AsSpan(0, length), Stopwatch.GetElapsedTime(began).TotalSeconds);
        scanner.End();
        return scanner;
    }

    static void ReadLines(Stream stream)
    {
        using var reader = new StreamReader(stream, Encoding.Latin1, detectEncodingFromByteOrderMarks: false, ReadAtOnce);
        while (reader.ReadLine() is not null) { }
    }
}
