namespace Understudy.Verdict.Tests;

public sealed class LeakSlopeTests
{
    static double[] Samples(int count, Func<int, double> at) => [.. Enumerable.Range(0, count).Select(at)];

    [Fact]
    public void A_steady_leak_is_found_to_the_byte()
    {
        var slope = LeakSlope.Of(Samples(50, i => 1_000_000 + (i * 192)));
        Assert.Equal(192, slope.PerCycle, 6);
        Assert.Equal(0, slope.Noise, 6);
        Assert.True(slope.IsLeak());
        Assert.False(slope.IsLeak(tolerated: 192));
    }

    [Fact]
    public void A_leak_below_the_noise_of_one_sample_is_found_by_many()
    {
        var random = new Random(7);
        var slope = LeakSlope.Of(Samples(200, i => (i * 64) + (random.NextDouble() * 4096)));
        Assert.InRange(slope.PerCycle, 55, 73);
        Assert.InRange(slope.Noise, 900, 1500);
        Assert.True(slope.IsLeak());
    }

    [Fact]
    public void Noise_alone_is_no_leak()
    {
        for (var seed = 0; seed < 1000; seed++)
        {
            var random = new Random(seed);
            Assert.False(LeakSlope.Of(Samples(100, _ => 5000 + (random.NextDouble() * 4096))).IsLeak(), $"seed {seed}");
        }
    }

    [Fact]
    public void Caches_that_fill_at_first_and_then_stay_are_no_leak() =>
        Assert.False(LeakSlope.Of(Samples(50, i => 8000 + (Math.Min(i, 8) * 4096))).IsLeak());

    [Fact]
    public void A_single_step_anywhere_is_no_leak()
    {
        for (var at = 1; at < 20; at++)
            Assert.False(LeakSlope.Of(Samples(20, i => i < at ? 0 : 120_000)).IsLeak(), $"at {at}");
    }

    [Fact]
    public void A_leak_is_found_beneath_jumps_that_are_larger_than_a_cycles_share() =>
        Assert.True(LeakSlope.Of(Samples(20, i => (i * 262_144) + (i % 5 == 0 ? 150_000 : 0))).IsLeak());

    [Fact]
    public void What_most_cycles_add_is_the_slope_although_the_counter_falls_in_between()
    {
        // Measured: free pages come back a batch at a time.
        var slope = LeakSlope.Of(Samples(20, i => (i * 262_144) - (i / 6 * 1_470_464)));
        Assert.Equal(262_144, slope.PerCycle);
        Assert.True(slope.IsLeak(4096));
    }

    [Fact]
    public void A_counter_that_shrinks_is_no_leak() => Assert.False(LeakSlope.Of(Samples(20, i => -100.0 * i)).IsLeak());

    [Fact]
    public void A_counter_that_stands_still_has_no_slope() =>
        Assert.Equal(new LeakSlope(0, 0, 0, 8), LeakSlope.Of(Samples(10, _ => 42)));

    [Fact]
    public void Too_few_samples_and_no_numbers_are_refused()
    {
        Assert.Throws<ArgumentException>(() => LeakSlope.Of([1, 2, 3]));
        Assert.Throws<ArgumentException>(() => LeakSlope.Of([1, 2, double.NaN, 4]));
    }
}
