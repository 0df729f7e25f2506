namespace Understudy.Devices.Tests;

public class Rtl8111HostileTests
{
    const uint Own = MiniDriver.Own, End = MiniDriver.EndOfRing, First = MiniDriver.First, Last = MiniDriver.Last;
    readonly Listener _wire = new();
    readonly MiniDriver _card;

    public Rtl8111HostileTests() => _card = new MiniDriver(wire: _wire).Open();

    void FillTxRing(uint options1, int entries = 1024, uint options2 = 0, ulong address = MiniDriver.TxBuffers)
    {
        for (var i = 0; i < entries; i++) _card.SetDescriptor(MiniDriver.TxRing, i, options1, options2, address);
        _card.Doorbell();
        _card.Settle();
    }

    bool IsOwned(int index) => (_card.Options1(MiniDriver.TxRing, index) & Own) != 0;

    [Fact]
    public void A_ring_in_unmapped_memory_stops_the_queue_with_a_system_error()
    {
        _card.W32(0x24, 0x7FFF_FFFF);
        _card.Doorbell();
        _card.Settle();
        Assert.Equal(0x8000, _card.R16(0x3E) & 0x8000);
        Assert.Equal(["dma-unmapped"], _card.Checks);
        _card.W32(0xE8, 0x7FFF_FFFF);
        _card.FromWire(Frames.ToCard(100));
        _card.Settle();
    }

    [Fact]
    public void A_buffer_in_unmapped_memory_stops_the_queue()
    {
        FillTxRing(Own | First | Last | 100, address: 1UL << 60);
        Assert.Empty(_wire.Frames);
        Assert.Contains("dma-unmapped", _card.Checks);
        _card.SetDescriptor(MiniDriver.RxRing, 0, Own | 0x3FFF, 0, 1UL << 60);
        _card.FromWire(Frames.ToCard(100));
        _card.Settle();
        Assert.Equal(0x8000, _card.R16(0x3E) & 0x8000);
    }

    [Fact]
    public void A_ring_without_an_end_wraps_at_what_the_chip_can_count()
    {
        FillTxRing(Own | First | Last | 100);
        Assert.Equal(1024, _wire.Frames.Count);
        Assert.False(IsOwned(1023));
        Assert.Contains("ring-without-end", _card.Checks);
    }

    [Fact]
    public void An_end_on_every_descriptor_is_a_ring_of_one()
    {
        FillTxRing(Own | End | First | Last | 100);
        Assert.Single(_wire.Frames);
        Assert.True(IsOwned(1));
    }

    [Fact]
    public void A_frame_that_never_ends_is_given_up_and_the_descriptors_come_back()
    {
        FillTxRing(Own | 0x3FFF);
        _card.SetDescriptor(MiniDriver.TxRing, 0, Own | First | 0x3FFF, 0, MiniDriver.TxBuffers);
        for (var i = 1; i < 1023; i++) _card.SetDescriptor(MiniDriver.TxRing, i, Own | 0x3FFF, 0, MiniDriver.TxBuffers);
        _card.SetDescriptor(MiniDriver.TxRing, 1023, Own | Last | 0x3FFF, 0, MiniDriver.TxBuffers);
        _card.Doorbell();
        _card.Settle();
        Assert.Empty(_wire.Frames);
        Assert.False(IsOwned(1023));
        Assert.Contains("tx-segment-without-first", _card.Checks);
        Assert.Contains("tx-frame-too-long", _card.Checks);
    }

    [Fact]
    public void Empty_and_tiny_segments_are_found_and_send_nothing()
    {
        FillTxRing(Own | First | Last, entries: 3);
        FillTxRing(Own | First | Last | 13, entries: 0);
        Assert.Empty(_wire.Frames);
        Assert.Contains("tx-segment-empty", _card.Checks);
        Assert.Contains("tx-frame-too-short", _card.Checks);
        Assert.Equal(3u, _card.Nic.Counters.TxErrors);
    }

    [Fact]
    public void A_first_segment_inside_a_frame_starts_a_new_one()
    {
        Frames.FromCard(200).CopyTo(_card.Bus.Memory[(int)MiniDriver.TxBuffers..]);
        _card.SetDescriptor(MiniDriver.TxRing, 0, Own | First | 100, 0, MiniDriver.TxBuffers);
        _card.SetDescriptor(MiniDriver.TxRing, 1, Own | First | Last | 200, 0, MiniDriver.TxBuffers);
        _card.Doorbell();
        _card.Settle();
        Assert.Equal(Frames.FromCard(200), Assert.Single(_wire.Frames));
        Assert.Equal(["tx-frame-unfinished"], _card.Checks);
    }

    [Theory]
    [InlineData(0u, 34u, "tso-mss-too-small")]
    [InlineData(1000u, 0u, "tso-header-outside")]
    [InlineData(1000u, 127u, "tso-header-outside")]
    public void Nonsense_in_a_large_send_is_refused(uint mss, uint header, string check)
    {
        _card.Send(Frames.FromCard(140), options1: 1u << 26 | header << 18, options2: mss << 18);
        Assert.Empty(_wire.Frames);
        Assert.Equal([check], _card.Checks);
    }

    [Fact]
    public void A_large_send_of_something_else_is_refused()
    {
        _card.Send(new byte[2000], options1: 1u << 26 | 34u << 18, options2: 1000u << 18);
        _card.Send([.. Frames.FromCard(1400)], options1: 1u << 25 | 54u << 18, options2: 100u << 18);
        Assert.Empty(_wire.Frames);
        Assert.Equal(2u, _card.Nic.Counters.TxErrors);
    }

    [Fact]
    public void Receive_buffers_of_no_bytes_use_themselves_up()
    {
        _card.FillRxRing(entries: 1024 - 256, bufferSize: 0);
        for (var i = 0; i < 10; i++) _card.FromWire(Frames.ToCard(1000));
        _card.Settle();
        Assert.Contains("rx-buffer-empty", _card.Checks);
        Assert.Equal(0x10, _card.R16(0x3E) & 0x10);
    }

    [Fact]
    public void A_doorbell_to_a_transmitter_that_is_off_is_found()
    {
        _card.W8(0x37, 0x08);
        _card.Doorbell();
        _card.Settle();
        Assert.Equal(["doorbell-while-disabled"], _card.Checks);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Random_writes_and_random_memory_never_crash_or_hang_it(int seed)
    {
        var random = new Random(seed);
        random.NextBytes(_card.Bus.Memory);
        for (var i = 0; i < 20_000; i++)
        {
            var data = new byte[1 << random.Next(4)];
            random.NextBytes(data);
            _card.Slot.Write(2, (ulong)random.Next(0x100), data);
            if (i % 7 == 0) _card.W8(0x37, 0x0C);
            if (i % 11 == 0) _card.Doorbell();
            if (i % 13 == 0) AimRings(random);
            if (i % 5 == 0) _card.FromWire(Frames.ToCard(random.Next(14, 3000)));
            if (i % 50 == 0) _card.Bus.Time.Advance(random.Next(100_000));
            if (i % 500 == 0) _card.BusMaster(random.Next(4) != 0);
            if (i % 997 == 0) _card.Slot.Reset();
            if (i % 997 == 1) Reopen();
        }
        _card.Bus.Time.RunUntilIdle(100_000);
        Assert.NotEmpty(_wire.Frames);
        Assert.DoesNotContain("model-crashed", _card.Checks);
    }

    // Rings of random descriptors that more often than not point into memory, sometimes into the rings themselves.
    void AimRings(Random random)
    {
        foreach (var (high, low) in ((int, int)[])[(0x24, 0x20), (0xE8, 0xE4)])
        {
            var ring = (ulong)random.Next(7 << 20) & ~0xFFul;
            for (var i = 0; i < 40; i++)
                _card.SetDescriptor(ring, i, (uint)random.NextInt64(1L << 32) | (random.Next(4) > 0 ? Own : 0), (uint)random.NextInt64(1L << 32), (ulong)random.Next(9 << 20));
            _card.W32(high, 0);
            _card.W32(low, (uint)ring);
        }
        _card.W8(0x37, 0x0C);
        _card.Doorbell();
        if (random.Next(2) == 0) _card.Bus.Time.Advance(5_000);
    }

    void Reopen()
    {
        _card.BusMaster(true);
        _card.Slot.Do(nic => nic.CablePluggedIn = true);
        _card.Bus.Time.Advance(3_000_000);
    }

    [Fact]
    public void Config_space_written_at_random_leaves_it_alive()
    {
        var random = new Random(7);
        for (var i = 0; i < 20_000; i++)
        {
            var data = new byte[1 << random.Next(3)];
            random.NextBytes(data);
            _card.Slot.WriteConfig(random.Next(256), data);
            _card.Slot.Read(2, (ulong)random.Next(256), data);
            if (i % 100 == 0) _card.Bus.Time.Advance(10_000);
        }
        Assert.DoesNotContain("model-crashed", _card.Checks);
    }
}
