using System.Diagnostics;

namespace Understudy.Bench;

/// <summary>Several pieces of code timed in turn, round after round, so that a machine that slows down slows them all alike.</summary>
static class Rounds
{
    /// <param name="iterations">How often each piece repeats itself in a round.</param>
    /// <param name="rounds">Rounds that count; the first few do not.</param>
    /// <param name="pieces">Each repeats what it does as often as it is told.</param>
    /// <returns>Nanoseconds and managed bytes of one repetition, median over the rounds.</returns>
    public static (double Nanoseconds, double Bytes)[] Run(int iterations, int rounds, params Action<int>[] pieces)
    {
        const int Warmup = 5;
        var results = pieces.Select(_ => new List<(double Nanoseconds, double Bytes)>()).ToArray();
        for (var round = 0; round < Warmup + rounds; round++)
            for (var i = 0; i < pieces.Length; i++)
            {
                var allocated = GC.GetAllocatedBytesForCurrentThread();
                var start = Stopwatch.GetTimestamp();
                pieces[i](iterations);
                var spent = Stopwatch.GetElapsedTime(start).TotalNanoseconds;
                allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
                if (round >= Warmup) results[i].Add((spent / iterations, (double)allocated / iterations));
            }
        return [.. results.Select(all => (Median(all.Select(one => one.Nanoseconds)), Median(all.Select(one => one.Bytes))))];
    }

    public static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted[sorted.Length / 2];
    }
}
