using Understudy.Pci;

namespace Understudy.Bench;

/// <summary>What every register read of a driver costs.</summary>
sealed class MmioReadBench(Workshop workshop) : IBench
{
    const int RoundCount = 15;
    const string Count = "4000";
    const double MostRatio = 2.3;

    public string Name => "mmio-read";

    public string What => "p50 of a 32-bit register read, guest to C# and back, against two processes that pass the same bytes over a UNIX socket";

    public async Task<IReadOnlyList<Measurement>> RunAsync(CancellationToken cancel)
    {
        await using var plain = await BenchGuest.BootAsync(workshop, cancel);
        await using var watched = await BenchGuest.BootAsync(workshop, cancel, new TraceRecorder(), new FaultInjector());
        var peer = new Series("socket ping-pong in C, p50", "ns");
        var apart = new Series("the same on two cores, p50", "ns");
        var read = new Series("MMIO read, p50", "ns");
        var traced = new Series("MMIO read with trace and faults, p50", "ns");
        for (var round = 0; round < RoundCount; round++)
        {
            peer.Add(P50(await workshop.RunProbeAsync(["pingpong", Count], cancel)));
            apart.Add(P50(await workshop.RunProbeAsync(["pingpong", Count, "apart"], cancel)));
            read.Add(P50(await plain.RunAsync(["probe", "read", Count, BenchCard.Id], cancel)));
            traced.Add(P50(await watched.RunAsync(["probe", "read", Count, BenchCard.Id], cancel)));
        }
        return [peer.Line(), apart.Against(peer), read.Against(peer, $"<= {MostRatio}x", ratio => ratio <= MostRatio), traced.Against(peer)];
    }

    /// <summary>Of minimum, p50, p90, p99 and mean.</summary>
    public static double P50(double[] figures) => figures[1];
}
