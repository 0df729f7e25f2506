namespace Understudy.Vfio.Tests;

public sealed class IovaAllocatorTests
{
    [Fact]
    public void Addresses_are_aligned_to_their_size_and_never_handed_out_twice()
    {
        var addresses = new IovaAllocator([new(0, 0xFFFF_FFFF)]);
        var taken = new List<IovaRange>();
        foreach (var bytes in new ulong[] { 4096, 1 << 21, 4096, 1 << 30, 8192, 4096 })
        {
            var start = addresses.Allocate(bytes);
            Assert.Equal(0UL, start % bytes);
            var range = IovaRange.Of(start, bytes);
            Assert.DoesNotContain(taken, other => other.Overlaps(range));
            taken.Add(range);
        }
    }

    [Fact]
    public void The_hole_between_two_ranges_is_left_out()
    {
        var addresses = new IovaAllocator([new(0, 0xFEDF_FFFF), new(0xFEF0_0000, ulong.MaxValue)]);
        for (var i = 0; i < 2; i++) addresses.Allocate(1UL << 30);       // the first of them is left out, with address 0
        Assert.Equal(1UL << 32, addresses.Allocate(1UL << 30));
    }

    [Fact]
    public void The_last_page_of_the_address_space_is_usable_and_the_next_is_not_there()
    {
        var addresses = new IovaAllocator([new(ulong.MaxValue - 4095, ulong.MaxValue)]);
        Assert.Equal(ulong.MaxValue - 4095, addresses.Allocate(4096));
        Assert.Contains("No device addresses are left", Assert.Throws<VfioException>(() => addresses.Allocate(4096)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_not_a_power_of_two_is_refused() => Assert.Throws<ArgumentException>(() => new IovaAllocator([new(0, 0xFFFF)]).Allocate(12288));

    [Fact]
    public void A_range_must_have_bytes_and_an_end()
    {
        Assert.Throws<ArgumentException>(() => IovaRange.Of(0, 0));
        Assert.Throws<ArgumentException>(() => IovaRange.Of(ulong.MaxValue - 4095, 8192));
        Assert.Equal(new IovaRange(ulong.MaxValue - 4095, ulong.MaxValue), IovaRange.Of(ulong.MaxValue - 4095, 4096));
    }
}
