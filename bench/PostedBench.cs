using System.Globalization;

namespace Understudy.Bench;

/// <summary>How fast posted writes are carried out that a driver issues in a burst.</summary>
sealed class PostedBench(Workshop workshop) : IBench
{
    const int RoundCount = 15, Count = 200_000;
    const double Least = 1.5e6;

    public string Name => "posted";

    public string What => "posted 32-bit writes drained per second, timed in the guest up to a read behind them, against a process that drains one message each";

    public async Task<IReadOnlyList<Measurement>> RunAsync(CancellationToken cancel)
    {
        await using var guest = await BenchGuest.BootAsync(workshop, cancel);
        var count = Count.ToString(CultureInfo.InvariantCulture);
        var peer = new Series("socket stream in C", "/s");
        var posted = new Series("posted writes", "/s");
        for (var round = 0; round < RoundCount; round++)
        {
            peer.Add((await workshop.RunProbeAsync(["stream", count], cancel))[0]);
            var before = guest.Card.Ask(card => card.Sunk);
            posted.Add((await guest.RunAsync(["probe", "posted", count, BenchCard.Id], cancel))[0]);
            var sunk = guest.Card.Ask(card => card.Sunk) - before;
            if (sunk != Count) throw new InvalidOperationException($"{sunk} of {Count} posted writes reached the model");
        }
        return [peer.Line(), posted.Against(peer) with { Target = ">= 1.5 M/s", Met = posted.Median >= Least }];
    }
}
