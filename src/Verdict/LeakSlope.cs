using System.Globalization;

namespace Understudy.Verdict;

/// <summary>How a counter of the kernel (slab, vmalloc, page tables: pages or bytes) goes with the number of times something was done to
/// it, such as loading and unloading a driver: what most cycles add where they agree, otherwise a line through the samples by least squares; and the
/// noise around it.</summary>
/// <param name="PerCycle">What each cycle adds, in the counter's unit; negative when it shrinks.</param>
/// <param name="Noise">How far the samples lie from that: their standard deviation around it, in the counter's unit.</param>
/// <param name="Uncertainty">The standard error of <paramref name="PerCycle"/>.</param>
/// <param name="Samples">How many samples there were.</param>
public sealed record LeakSlope(double PerCycle, double Noise, double Uncertainty, int Samples)
{
    // Below this many a line through them says nothing of its own noise.
    const int Fewest = 4;

    // Caches settle in the first cycles; one in five samples at most is given up for that.
    const int SettlingShare = 5;

    const int Parts = 4;

    /// <summary>It grows all the way, from each quarter of the samples to the next: what grew once, as a cache does, is no slope.</summary>
    public bool IsSteady { get; init; }

    /// <summary>Fits samples taken after each cycle, in order, the first cycles left out in which caches fill.</summary>
    /// <exception cref="ArgumentException">There are fewer than four samples, or one is not a finite number.</exception>
    public static LeakSlope Of(IReadOnlyList<double> samples)
    {
        if (samples.Count < Fewest) throw new ArgumentException($"a slope needs at least {Fewest} samples, there are {samples.Count}", nameof(samples));
        if (samples.Any(s => !double.IsFinite(s))) throw new ArgumentException("a sample is not a finite number", nameof(samples));
        var skipped = Math.Min(samples.Count / SettlingShare, samples.Count - Fewest);
        double[] settled = [.. samples.Skip(skipped)];
        return WhereCyclesAgree(settled) ?? Fit(settled);
    }

    /// <summary>Whether it leaks: each cycle adds more than <paramref name="tolerated"/>, and neither noise nor a single step explains that.</summary>
    /// <param name="tolerated">What a cycle may add, in the counter's unit.</param>
    public bool IsLeak(double tolerated = 0) => IsSteady && PerCycle > tolerated && PerCycle - tolerated > 4 * Uncertainty;

    /// <summary>The slope and how sure it is.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{PerCycle:F0} per cycle, give or take {Uncertainty:F0}, over {Samples} cycles");

    // Most cycles add about the same: then that is it, whatever else jumped up and down in between, as lists of free pages do.
    static LeakSlope? WhereCyclesAgree(double[] samples)
    {
        double[] steps = [.. samples.Zip(samples.Skip(1), (before, after) => after - before).Order()];
        var usual = steps[steps.Length / 2];
        double[] alike = [.. steps.Where(step => Math.Abs(step - usual) <= usual / 2)];
        if (usual <= 0 || alike.Length * 3 < steps.Length * 2) return null;
        var noise = Math.Sqrt(alike.Sum(step => (step - usual) * (step - usual)) / alike.Length);
        return new(usual, noise, noise / Math.Sqrt(alike.Length), samples.Length) { IsSteady = true };
    }

    static LeakSlope Fit(double[] samples)
    {
        var count = samples.Length;
        var (middle, mean) = ((count - 1) / 2.0, samples.Average());
        double together = 0, spread = 0;
        for (var i = 0; i < count; i++)
        {
            together += (i - middle) * (samples[i] - mean);
            spread += (i - middle) * (i - middle);
        }
        var slope = together / spread;
        double around = 0;
        for (var i = 0; i < count; i++)
        {
            var off = samples[i] - mean - (slope * (i - middle));
            around += off * off;
        }
        var noise = Math.Sqrt(around / (count - 2));
        return new(slope, noise, noise / Math.Sqrt(spread), count) { IsSteady = GrowsAllTheWay(samples, slope) };
    }

    // Half of what the whole of it promises is enough for a part.
    static bool GrowsAllTheWay(double[] samples, double slope)
    {
        double[] means = [.. Enumerable.Range(0, Parts).Select(part => samples[(samples.Length * part / Parts)..(samples.Length * (part + 1) / Parts)].Average())];
        return slope > 0 && means.Zip(means.Skip(1)).All(pair => pair.Second - pair.First >= slope * samples.Length / Parts / 2);
    }
}
