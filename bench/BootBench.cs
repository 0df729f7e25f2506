using System.Diagnostics;
using Understudy.Boards;
using Understudy.Runner;

namespace Understudy.Bench;

/// <summary>How long somebody waits for a guest.</summary>
sealed class BootBench(Workshop workshop) : IBench
{
    const int RoundCount = 5;
    const double MostRatio = 0.30;
    static readonly string[] Others = ["debian:6.12", "debian:7.2"];

    public string Name => "boot";

    public string What => "cold, to the end of the first command in the guest, against a plain q35 machine with SeaBIOS, bzImage and all messages";

    public async Task<IReadOnlyList<Measurement>> RunAsync(CancellationToken cancel)
    {
        List<Measurement> results = [.. await CompareAsync(Workshop.Kernel, $"<= {MostRatio:0.00}x", ratio => ratio <= MostRatio, cancel)];
        foreach (var other in Others) results.AddRange(await CompareAsync(other, "", null, cancel));
        return results;
    }

    async Task<Measurement[]> CompareAsync(string kernel, string target, Func<double, bool>? meets, CancellationToken cancel)
    {
        var lab = await workshop.OpenLabAsync(kernel, cancel);
        var plain = new PlainBoot((QemuBoard)lab.Board, lab.Kernel);
        var peer = new Series($"{kernel}, plain q35", "s");
        var ours = new Series(kernel, "s");
        await MeasureAsync(lab, cancel);      // once for the page cache, and for what the board learns about its host
        for (var round = 0; round < RoundCount; round++)
        {
            ours.Add((await MeasureAsync(lab, cancel)).TotalSeconds);
            peer.Add((await plain.MeasureAsync(cancel)).TotalSeconds);
        }
        return [peer.Line(), ours.Against(peer, target, meets)];
    }

    static async Task<TimeSpan> MeasureAsync(Lab lab, CancellationToken cancel)
    {
        await using var machine = lab.Board.Assemble(new BootSpec(lab.Kernel));
        var start = Stopwatch.GetTimestamp();
        await machine.PowerOnAsync(cancel);
        await machine.Guest.ExecuteAsync(["true"], cancellation: cancel);
        return Stopwatch.GetElapsedTime(start);
    }
}
