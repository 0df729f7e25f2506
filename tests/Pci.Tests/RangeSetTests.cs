namespace Understudy.Pci.Tests;

public class RangeSetTests
{
    const int Places = 4000;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void It_holds_what_a_table_of_every_address_holds(int seed)
    {
        var random = new Random(seed);
        var (set, at) = (new RangeSet<Range>(), new Range?[Places]);
        for (var step = 0; step < 40_000; step++)
        {
            // Rather full for a while, then rather empty: pieces are split, and go.
            var range = Any(random);
            var there = at[range.First..(range.End)].FirstOrDefault(one => one is not null);
            Assert.Equal(there is not null, set.TryFind((ulong)range.First, (ulong)range.End - 1, out var lowest));
            Assert.Equal(there, lowest);
            if (random.Next(100) < (step / 10_000 % 2 == 0 ? 80 : 20))
            {
                Assert.Equal(there is null, set.TryAdd(range));
                if (there is null) Array.Fill(at, range, range.First, range.Bytes);
            }
            else
            {
                var gone = at[range.First];
                Assert.Equal(gone is not null, set.Remove((ulong)range.First));
                if (gone is not null) Array.Fill(at, null, gone.First, gone.Bytes);
            }
        }
        Assert.Equal(at.OfType<Range>().Distinct(), set);
        Assert.Equal(at.OfType<Range>().Distinct().Count(), set.Count);
        set.Clear();
        Assert.Empty(set);
        Assert.True(set.TryAdd(new Range(0, 1)));
    }

    [Fact]
    public void The_ends_of_the_address_space_are_addresses_as_others_are()
    {
        var set = new RangeSet<All>();
        Assert.True(set.TryAdd(new All(0, ulong.MaxValue)));
        Assert.False(set.TryAdd(new All(ulong.MaxValue, ulong.MaxValue)));
        Assert.True(set.TryFind(ulong.MaxValue, out _));
        Assert.True(set.Remove(0));
        Assert.False(set.TryFind(0, ulong.MaxValue, out _));
    }

    static Range Any(Random random)
    {
        var first = random.Next(Places);
        return new Range(first, random.Next(1, Math.Min(3, Places - first) + 1));
    }

    sealed record Range(int First, int Bytes) : IAddressRange
    {
        public int End => First + Bytes;

        ulong IAddressRange.First => (ulong)First;

        ulong IAddressRange.Last => (ulong)End - 1;
    }

    readonly record struct All(ulong First, ulong Last) : IAddressRange;
}
