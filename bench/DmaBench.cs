namespace Understudy.Bench;

/// <summary>A model's DMA to and from the guest's memory.</summary>
sealed class DmaBench(Workshop workshop) : IBench
{
    const int RoundCount = 31;
    const double LeastRatio = 0.8;

    public string Name => "dma";

    public string What => "DMA of a model through the mapping, all its checks included, against a plain copy of as many bytes between two arrays";

    public async Task<IReadOnlyList<Measurement>> RunAsync(CancellationToken cancel)
    {
        await using var guest = await BenchGuest.BootAsync(workshop, cancel);
        await guest.RunAsync(["probe", "read", "1", BenchCard.Id], cancel);     // lets the card master the bus
        return [.. Measure(guest, 1), .. Measure(guest, 4)];
    }

    static IEnumerable<Measurement> Measure(BenchGuest guest, int mebibytes)
    {
        var size = mebibytes << 20;
        byte[] one = new byte[size], copy = new byte[size], fetched = new byte[size];
        Random.Shared.NextBytes(one);
        var results = Rounds.Run(40 / mebibytes, RoundCount,
            times => { for (var i = 0; i < times; i++) one.CopyTo(copy, 0); },
            times => guest.Card.Do(card => Repeat(times, () => card.Store(BenchGuest.FreeMemory, one))),
            times => guest.Card.Do(card => Repeat(times, () => card.Fetch(BenchGuest.FreeMemory, fetched))));
        if (!one.AsSpan().SequenceEqual(fetched)) throw new InvalidOperationException("what came back from the guest's memory is not what went there");
        double[] speeds = [.. results.Select(result => size / result.Nanoseconds)];     // bytes in a nanosecond: GB/s
        yield return new Measurement($"copy between arrays, {mebibytes} MiB", speeds[0], "GB/s");
        yield return Judge($"DMA write, {mebibytes} MiB", speeds[1], speeds[0]);
        yield return Judge($"DMA read, {mebibytes} MiB", speeds[2], speeds[0]);
    }

    static void Repeat(int times, Func<bool> transfer)
    {
        for (var i = 0; i < times; i++)
            if (!transfer()) throw new InvalidOperationException("the guest's memory cannot be reached");
    }

    static Measurement Judge(string name, double speed, double peer)
        => new(name, speed, "GB/s", Ratio: speed / peer, Target: $">= {LeastRatio}x", Met: speed / peer >= LeastRatio);
}
