using static Understudy.Devices.Tests.AxisG2Rig;

namespace Understudy.Devices.Tests;

public class AxisG2EngineTests
{
    readonly AxisG2Rig _card = new();

    [Fact]
    public void It_says_what_a_driver_looks_for()
    {
        Assert.Equal(0x0501_0000u, _card.R(0x000));
        Assert.Equal(0x0020_2801u, _card.R(0x034));
        Assert.Equal(12u, _card.R(0x038));
        Assert.Equal(1u, _card.R(0x020));
        Assert.Equal(10_000u, _card.R(0x084));
        Assert.Equal(0xFFFFu, _card.R(0x088));
        Assert.NotEqual(0u, _card.R(0x2_0000));
        Assert.Equal(0x0Du, _card.R(0x2_0424));
        Assert.Equal('u', (char)(byte)_card.R(0x2_0800));
    }

    [Fact]
    public void A_frame_goes_out_and_comes_back_and_its_descriptor_is_returned()
    {
        var data = Bytes(1000);
        _card.Open().Send(data, Flags(first: 2, last: 3, dest: 7), index: 5);
        Assert.False(_card.TryReceive(out _));                      // never inside the doorbell
        _card.Settle();
        var got = _card.Receive();
        Assert.Equal((7, (byte)2, (byte)3, 0u, 1000u, 0u), (got.Dest, got.First, got.Last, got.Index, got.Size, got.Result));
        Assert.False(got.Continues);
        Assert.Equal(data, _card.Data(got));
        Assert.True(_card.TryReturn(out var returned));
        Assert.Equal((5u, 0u, 0u), (returned.Index, returned.Result, returned.Size));
        Assert.Equal(2u, _card.R(0x050));
        Assert.Equal((1u, 1u), (_card.R(0x054), _card.R(0x058)));
        Assert.Equal((1, 1000, 1, 1000, 0), (_card.Counters.TxFrames, _card.Counters.TxBytes, _card.Counters.RxFrames, _card.Counters.RxBytes, _card.Counters.Errors));
        Assert.Empty(_card.Checks);
    }

    [Fact]
    public void Address_bits_39_to_4_are_carried_and_no_others()
    {
        _card.Open(buffers: 0);
        _card.Post(3, RxBuffers + 0x30);
        _card.Send(Bytes(64), address: TxBuffers + 0xF0);
        _card.Settle();
        Assert.Equal(Bytes(64), _card.Bus.Memory.Slice((int)RxBuffers + 0x30, 64).ToArray());
    }

    [Fact]
    public void Rings_wrap()
    {
        var card = new AxisG2Rig(new() { RingBits = 2 }).Open(buffers: 3);
        for (var i = 0; i < 11; i++)
        {
            card.Send(Bytes(40, i));
            card.Settle();
            var got = card.Receive();
            Assert.Equal(Bytes(40, i), card.Data(got));
            Assert.True(card.TryReturn(out _));
            card.Post((int)got.Index);
        }
        Assert.Equal(3u, card.R(0x054));
        Assert.Empty(card.Checks);
    }

    [Fact]
    public void Without_a_free_buffer_the_stream_waits_and_nothing_is_lost()
    {
        _card.Open(buffers: 1);
        for (var i = 0; i < 4; i++) _card.Send(Bytes(100, i), index: 100 + i, address: TxBuffers + (ulong)i * 0x1000);
        _card.Settle();
        var got = _card.Receive();
        Assert.Equal(Bytes(100, 0), _card.Data(got));
        Assert.False(_card.TryReceive(out _));
        Assert.True(_card.TryReturn(out _));
        Assert.False(_card.TryReturn(out _));                       // the second stands on the wire, its descriptor is not back
        var waited = _card.R(0x05C);
        _card.Clocks(500);
        Assert.Equal(waited + 500, _card.R(0x05C));
        for (var i = 1; i < 4; i++)
        {
            _card.Post((int)got.Index);
            _card.Settle();
            Assert.Equal(Bytes(100, i), _card.Data(got = _card.Receive()));
        }
        Assert.Equal(3, _card.Counters.Starved);
        var missed = _card.R(0x05C);
        _card.Clocks(500);
        Assert.Equal(missed, _card.R(0x05C));
        Assert.Empty(_card.Checks);
    }

    [Fact]
    public void A_frame_as_long_as_a_buffer_fits_and_one_byte_more_is_split()
    {
        _card.Open(maxSize: 256);
        _card.Send(Bytes(256));
        _card.Send(Bytes(600, 2), Flags(first: 9, last: 8), index: 101, address: TxBuffers + 0x1000);
        _card.Settle();
        var whole = _card.Receive();
        Assert.Equal((256u, false), (whole.Size, whole.Continues));
        var parts = new[] { _card.Receive(), _card.Receive(), _card.Receive() };
        Assert.Equal([256u, 256u, 88u], parts.Select(part => part.Size));
        Assert.Equal([true, true, false], parts.Select(part => part.Continues));
        Assert.Equal([9, 0, 0], parts.Select(part => (int)part.First));
        Assert.Equal([0, 0, 8], parts.Select(part => (int)part.Last));
        Assert.Equal(Bytes(600, 2), parts.SelectMany(_card.Data));
        Assert.Equal(2, _card.Counters.RxFrames);
    }

    [Fact]
    public void Without_contEnable_the_rest_is_discarded_and_overflow_set()
    {
        _card.Open(maxSize: 256, cont: false);
        _card.Send(Bytes(600));
        _card.Send(Bytes(100, 2), index: 101, address: TxBuffers + 0x1000);
        _card.Settle();
        var cut = _card.Receive();
        Assert.Equal((256u, 4u, false), (cut.Size, cut.Result, cut.Continues));
        Assert.Equal(Bytes(600)[..256], _card.Data(cut));
        Assert.Equal((100u, 0u), (_card.Receive().Size, 0u));
    }

    [Fact]
    public void A_size_that_is_no_multiple_of_the_bus_loses_the_rest_of_a_word()
    {
        _card.Open(maxSize: 100);
        _card.Send(Bytes(100));
        _card.Settle();
        Assert.Equal((96u, true), (_card.Receive() is var first ? first.Size : 0, first.Continues));
        Assert.Equal(4u, _card.Receive().Size);
    }

    [Fact]
    public void The_continue_bit_joins_descriptors_to_one_frame()
    {
        _card.Open();
        _card.Send(Bytes(96), Flags(first: 1, last: 2, cont: true), index: 100);
        _card.Send(Bytes(50, 2), Flags(first: 3, last: 4), index: 101, address: TxBuffers + 0x1000);
        _card.Settle();
        var frame = _card.Receive();
        Assert.Equal((146u, (byte)1, (byte)4, false), (frame.Size, frame.First, frame.Last, frame.Continues));
        Assert.Equal([.. Bytes(96), .. Bytes(50, 2)], _card.Data(frame));
        Assert.False(_card.TryReceive(out _));
        Assert.Equal((2, 1), (_card.Counters.TxReturned, _card.Counters.TxFrames));
    }

    [Fact]
    public void Destinations_of_a_lane_interleave_each_in_a_buffer_of_its_own()
    {
        _card.Open();
        _card.Send(Bytes(64, 1), Flags(dest: 1, cont: true), index: 100);
        _card.Send(Bytes(64, 2), Flags(dest: 2), index: 101, address: TxBuffers + 0x1000);
        _card.Send(Bytes(64, 3), Flags(dest: 1), index: 102, address: TxBuffers + 0x2000);
        _card.Settle();
        var second = _card.Receive();
        Assert.Equal((2, 64u), (second.Dest, second.Size));
        var first = _card.Receive();
        Assert.Equal((1, 128u), (first.Dest, first.Size));
        Assert.Equal([.. Bytes(64, 1), .. Bytes(64, 3)], _card.Data(first));
    }

    [Fact]
    public void DropEnable_swallows_frames_and_gives_buffers_back_empty()
    {
        _card.Open();
        _card.W(0x00C, 1);
        _card.Send(Bytes(600), Flags(dest: 9));
        _card.Settle();
        var dropped = _card.Receive();
        Assert.Equal((0u, 9), (dropped.Size, dropped.Dest));
        Assert.Equal(new byte[600], _card.Bus.Memory.Slice((int)RxBuffers, 600).ToArray());
        Assert.NotEqual(0u, dropped.Owner);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(8)]
    public void Lanes_work_side_by_side(int lanes)
    {
        var card = new AxisG2Rig(new() { Lanes = lanes }).Open(buffers: lanes);
        Assert.Equal((uint)lanes, card.R(0x034) & 0xFF);
        for (var i = 0; i < lanes; i++) card.Send(Bytes(80, i), Flags(dest: 5, channel: i), index: 100 + i, address: TxBuffers + (ulong)i * 0x1000);
        card.Settle();
        for (var i = 0; i < lanes; i++)
        {
            var got = card.Receive();
            Assert.Equal(Bytes(80, got.Dest / 256), card.Data(got));
            Assert.Equal(5, got.Dest % 256);
        }
        Assert.Empty(card.Checks);
    }

    [Fact]
    public void A_channel_that_is_not_there_returns_its_descriptor_with_an_error()
    {
        _card.Open().Send(Bytes(80), Flags(channel: 3));
        _card.Settle();
        Assert.False(_card.TryReceive(out _));
        Assert.True(_card.TryReturn(out var returned));
        Assert.Equal(3u, returned.Result);
        Assert.Equal(["tx-no-such-channel"], _card.Checks);
    }

    [Fact]
    public void Bad_addresses_become_decode_errors()
    {
        _card.Open(buffers: 0);
        _card.Post(0, 0x7F_0000_0000);
        _card.Post(1, 0);
        _card.Post(2);
        _card.Send(Bytes(80));
        _card.Send(Bytes(80), index: 101);
        _card.Send(Bytes(80), index: 102, address: 0xFF_FFFF_FFF0);
        _card.Settle();
        Assert.Equal([3u, 3u], new[] { _card.Receive(), _card.Receive() }.Select(got => got.Result));
        Assert.Equal(0u, _card.Receive().Size);
        Assert.Equal(new byte[64], _card.Bus.Memory[..64].ToArray());
        for (var i = 0; i < 2; i++) Assert.True(_card.TryReturn(out _));
        Assert.True(_card.TryReturn(out var failed));
        Assert.Equal(3u, failed.Result);
        Assert.Equal(["dma-unmapped", "null-address"], _card.Checks.Distinct().Order());
    }

    [Fact]
    public void Enable_changes_one_bit_and_counts_its_rises_up_to_255()
    {
        _card.Open();
        _card.W(0x000, 0xFFFF_FFFF);
        Assert.Equal(0x0501_0101u, _card.R(0x000));
        for (var i = 0; i < 300; i++)
        {
            _card.W(0x000, 0);
            _card.W(0x000, 1);
        }
        Assert.Equal(0x0501_FF01u, _card.R(0x000));
        _card.W(0x000, 0);
        Assert.Equal(0x0501_FF00u, _card.R(0x000));                 // what a driver's reload finds
        _card.Slot.Reset();
        _card.BusMaster(true);
        Assert.Equal(0x0501_0000u, _card.R(0x000));
    }

    [Fact]
    public void Disabled_it_touches_no_memory_and_starts_from_the_rings_beginning()
    {
        _card.Open();
        _card.Send(Bytes(80));
        _card.Settle();
        _card.Send(Bytes(5000, 2), index: 101);
        _card.W(0x000, 0);
        _card.Bus.Memory[(int)WriteRing..(int)TxBuffers].Clear();
        _card.Settle();
        Assert.Equal(-1, _card.Bus.Memory[(int)WriteRing..(int)TxBuffers].IndexOfAnyExcept((byte)0));
        Assert.Equal((0u, 0u, 0u), (_card.R(0x050), _card.R(0x054), _card.R(0x058)));
        Assert.Equal(7, _card.Slot.Ask(card => card.FreeBuffers));  // what is in the FIFOs survives
        _card.Open();
        _card.Send(Bytes(80));
        _card.Settle();
        Assert.Equal(80u, _card.Receive().Size);
        Assert.Empty(_card.Checks);
    }

    [Fact]
    public void Buffers_posted_before_enable_count_and_those_posted_in_reset_do_not()
    {
        _card.W(0x070, 0x1000);
        _card.W(0x048, 0);
        Assert.Equal(0, _card.Slot.Ask(card => card.FreeBuffers));
        Assert.Equal(["push-in-fifo-reset"], _card.Checks.Distinct());
        _card.W(0x020, 0);
        _card.Post(0);
        Assert.Equal(1, _card.Slot.Ask(card => card.FreeBuffers));
        _card.W(0x020, 1);
        Assert.Equal(0, _card.Slot.Ask(card => card.FreeBuffers));
    }

    [Fact]
    public void Buffer_groups_charge_pause_and_credit()
    {
        var prbs = new PrbsStream();
        var card = new AxisG2Rig(stream: prbs).Open();
        card.W(0x098, 2);
        card.Slot.Do(_ => prbs.Start(frames: 5, size: 100, group: 2, dest: 3));
        card.Settle();
        Assert.Equal(2u, card.R(0x0B8));
        Assert.Equal(3, prbs.Waiting);
        card.W(0x0B8, 1);
        card.Settle();
        Assert.Equal((2u, 2L), (card.R(0x0B8), prbs.Waiting));
        Assert.Equal((3, (byte)2), (card.Receive() is var got ? got.Dest : 0, got.Id));
        card.W(0x0BC, 1);
        Assert.Equal(["group-underflow"], card.Checks);
    }

    [Theory]
    [InlineData(3, 0x090, "register-absent")]
    [InlineData(3, 0x088, "register-absent")]
    [InlineData(4, 0x088, "register-absent")]
    [InlineData(2, 0x084, "register-absent")]
    public void Registers_of_later_versions_are_absent(int version, int offset, string check)
    {
        var card = new AxisG2Rig(new() { Version = version });
        var before = card.R((ulong)offset);
        card.W((ulong)offset, 77);
        Assert.Equal(before, card.R((ulong)offset));
        Assert.Equal([check], card.Checks);
    }

    [Fact]
    public void Memory_that_does_not_answer_times_out()
    {
        _card.Open();
        _card.W(0x088, 5_000);
        _card.Slot.Do(card => card.FailNext(CompletionFault.Unacknowledged));
        _card.Send(Bytes(80));
        _card.Send(Bytes(90), index: 101);
        _card.Clocks(4_000);
        Assert.False(_card.TryReceive(out _));
        _card.Settle();
        var late = _card.Receive();
        Assert.Equal((3u, true), (late.Result, late.TimedOut));
        Assert.Equal((0u, false, 90u), (_card.Receive() is var next ? next.Result : 9, next.TimedOut, next.Size));
    }

    [Fact]
    public void Before_version_5_it_waits_for_ever()
    {
        var card = new AxisG2Rig(new() { Version = 4 }).Open();
        card.Slot.Do(axis => axis.FailNext(CompletionFault.Unacknowledged));
        card.Send(Bytes(80));
        card.Settle();
        Assert.False(card.TryReceive(out _));
        card.Slot.Do(axis => axis.FailNext(CompletionFault.None, 0));
        card.Settle();
        Assert.Equal(0u, card.Receive().Result);
    }

    [Fact]
    public void Without_bus_mastering_it_waits_until_it_has_it()
    {
        _card.Open();
        _card.BusMaster(false);
        _card.Send(Bytes(80));
        _card.Settle();
        Assert.False(_card.TryReceive(out _));
        Assert.Empty(_card.Checks);
        _card.BusMaster(true);
        _card.Settle();
        Assert.Equal(80u, _card.Receive().Size);
    }

    // What a user does with dd to a card under load: the driver has nothing more to say until its frames are back.
    [Fact]
    public void Frames_on_their_way_when_bus_mastering_goes_off_arrive_when_it_is_on_again_and_D0_counts_as_much()
    {
        const int pm = 0x40, frames = 6;
        _card.Open();
        for (var i = 0; i < frames; i++) _card.Send(Bytes(4000, i), index: 100 + i, address: TxBuffers + (ulong)i * 0x1000);
        _card.Clocks(300);
        _card.Slot.WriteConfig(4, [0x02]);
        _card.Settle();
        var before = _card.Counters.RxFrames;
        Assert.InRange(before, 1, frames - 2);
        _card.Slot.WriteConfig(4, [0x06]);
        _card.Clocks(400);
        Assert.InRange(_card.Counters.RxFrames, before + 1, frames - 1);
        _card.Slot.WriteConfig(pm + 4, [0x03]);
        _card.Settle();
        Assert.InRange(_card.Counters.RxFrames, before + 1, frames - 1);
        _card.Slot.WriteConfig(pm + 4, [0x00]);
        _card.Settle();
        for (var i = 0; i < frames; i++) Assert.Equal(Bytes(4000, i), _card.Data(_card.Receive()));
        Assert.DoesNotContain(_card.Checks, check => check != "message-without-bus-master");
    }

    [Fact]
    public void A_wait_for_memory_that_ends_while_bus_mastering_is_off_leaves_no_hole_in_the_ring()
    {
        _card.Open();
        _card.Slot.Do(axis => axis.FailNext(CompletionFault.Unacknowledged));
        _card.Send(Bytes(80), index: 100);
        _card.Send(Bytes(90), index: 101, address: TxBuffers + 0x1000);
        _card.Clocks(100);
        _card.BusMaster(false);
        _card.Settle();
        _card.PostTx(Flags(channel: 1), 80, 102, TxBuffers);         // of a lane it does not have: comes back with an error, later
        _card.Settle();
        _card.BusMaster(true);
        _card.Settle();
        var late = _card.Receive();
        Assert.Equal((80u, 3u, true), (late.Size, late.Result, late.TimedOut));
        Assert.Equal((90u, 0u, false), (_card.Receive() is var next ? next.Size : 0, next.Result, next.TimedOut));
        for (var i = 0; i < 3; i++) Assert.True(_card.TryReturn(out _));
        Assert.Equal(["tx-no-such-channel"], _card.Checks.Except(["message-without-bus-master"]));
    }

    [Fact]
    public void Windows_are_memory_and_AxiVersion_keeps_its_scratchpad()
    {
        foreach (var offset in (ulong[])[0x1_0000, 0x1_FFFC, 0x2_0004, 0x2_4000, 0x80_0000, 0xFF_FFFC])
        {
            _card.W(offset, (uint)offset ^ 0x5555_AAAA);
            Assert.Equal((uint)offset ^ 0x5555_AAAA, _card.R(offset));
        }
        _card.W(0x2_0000, 7);
        Assert.Equal(0x0100_0000u, _card.R(0x2_0000));
        Assert.Equal(0u, _card.R(0x2_0008));
        _card.Bus.Time.Advance(3_000_000_000);
        Assert.Equal(3u, _card.R(0x2_0008));
        Assert.Empty(_card.Checks);
    }

    [Fact]
    public void Other_firmware_can_be_loaded()
    {
        _card.Slot.Do(card => card.Program(new AxisG2Options { Version = 3, RingBits = 255, AddressBits = 64, Lanes = 4, Desc128 = false }));
        Assert.Equal((0x0300_0000u, 255u, 0x0020_4004u), (_card.R(0x000), _card.R(0x038), _card.R(0x034)));
        Assert.Throws<ArgumentOutOfRangeException>(() => _card.Slot.Do(card => card.Program(new AxisG2Options { Lanes = 9 })));
        _card.Slot.Do(card => card.Program(new AxisG2Options()));
        _card.Open().Send(Bytes(80));
        _card.Settle();
        Assert.Equal(80u, _card.Receive().Size);
    }
}
