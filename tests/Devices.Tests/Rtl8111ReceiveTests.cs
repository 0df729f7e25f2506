namespace Understudy.Devices.Tests;

public class Rtl8111ReceiveTests
{
    const int RxOk = 0x01, RxError = 0x02, RxUnavailable = 0x10, FifoOverflow = 0x40;
    const uint ErrorStatus = 1u << 21, Watchdog = 1u << 22, Crc = 1u << 19;
    readonly MiniDriver _card = new MiniDriver().Open();

    [Fact]
    public void A_frame_comes_out_of_the_ring_as_it_went_onto_the_wire_with_its_FCS_behind()
    {
        var frame = Frames.ToCard(1514);
        _card.FromWire(frame);
        Assert.False(_card.TryReceive(out _, out _, out _));
        _card.Settle();
        Assert.Equal(RxOk, _card.R16(0x3E));
        Assert.Equal(1, _card.Interrupts);
        var withFcs = _card.Bus.Memory.Slice((int)MiniDriver.RxBuffers, 1518);
        Assert.Equal(0x2144DF1Cu, Crc32.FrameCheck(withFcs));   // the residue of a right FCS
        Assert.Equal(frame, _card.Receive());
    }

    [Fact]
    public void Frames_that_arrive_together_share_one_interrupt()
    {
        _card.Slot.Do(nic =>
        {
            for (var i = 0; i < 20; i++) nic.Receive(Frames.ToCard(100, i));
        });
        _card.Settle();
        Assert.Equal(1, _card.Interrupts);
        for (var i = 0; i < 20; i++) Assert.Equal(Frames.ToCard(100, i), _card.Receive());
    }

    [Fact]
    public void A_short_frame_is_padded()
    {
        _card.FromWire(Frames.ToCard(42));
        _card.Settle();
        Assert.Equal((byte[])[.. Frames.ToCard(42), .. new byte[18]], _card.Receive());
    }

    [Theory]
    [InlineData("02:00:5e:00:53:01", 0xE702, true)]
    [InlineData("02:00:5e:00:53:01", 0xE708, false)]
    [InlineData("02:00:5e:00:53:02", 0xE70E, false)]
    [InlineData("02:00:5e:00:53:02", 0xE701, true)]
    [InlineData("ff:ff:ff:ff:ff:ff", 0xE708, true)]
    [InlineData("ff:ff:ff:ff:ff:ff", 0xE702, false)]
    [InlineData("01:00:5e:00:00:01", 0xE704, true)]
    [InlineData("01:00:5e:00:00:01", 0xE702, false)]
    public void The_filter_lets_in_what_the_driver_asked_for(string to, int rxConfig, bool accepted)
    {
        var card = new MiniDriver().Open(rxConfig: rxConfig);
        var octets = new byte[6];
        MacAddress.Parse(to).CopyTo(octets);
        card.FromWire(Frames.Ethernet(octets, Frames.PeerMac, 0x88B5, new byte[60]));
        card.Settle();
        Assert.Equal(accepted, card.TryReceive(out _, out _, out _));
    }

    [Fact]
    public void Only_multicast_groups_in_the_hash_filter_come_in()
    {
        byte[] allSystems = [0x01, 0x00, 0x5E, 0x00, 0x00, 0x01], allNodes = [0x33, 0x33, 0, 0, 0, 1];
        Assert.Equal((31, 62), (Crc32.MulticastHash(allSystems), Crc32.MulticastHash(allNodes)));   // ether_crc(6, address) >> 26
        var bit = Crc32.MulticastHash(allNodes);
        var words = new uint[2];
        words[bit >> 5] = 1u << (bit & 31);
        // rtl_set_rx_mode: both words swapped, and each byte-swapped.
        _card.W32(0x0C, System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(words[0]));
        _card.W32(0x08, System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(words[1]));
        _card.FromWire(Frames.Ethernet(allSystems, Frames.PeerMac, 0x88B5, new byte[60]));
        _card.FromWire(Frames.Ethernet(allNodes, Frames.PeerMac, 0x88B5, new byte[60]));
        _card.Settle();
        Assert.Equal(allNodes, _card.Receive()[..6]);
        Assert.False(_card.TryReceive(out _, out _, out _));
    }

    [Theory]
    [InlineData(6, 1u << 17)]
    [InlineData(17, 1u << 18)]
    [InlineData(47, 3u << 17)]
    public void Checksum_status_names_the_protocol_and_what_is_wrong(byte protocol, uint expected)
    {
        var segment = protocol == 6 ? Frames.Tcp(100) : Frames.Udp(100);
        var frame = Frames.Ethernet(Frames.Card, Frames.PeerMac, 0x0800, Frames.IPv4(protocol, segment));
        FixSegment(frame, protocol == 6 ? 50 : 40, zero: protocol == 47);
        _card.FromWire(frame);
        _card.FromWire([.. frame[..22], 0x77, .. frame[23..]]);
        _card.FromWire([.. frame[..^1], (byte)(frame[^1] ^ 1)]);
        _card.Settle();
        var status = new uint[3];
        for (var i = 0; i < 3; i++) Assert.True(_card.TryReceive(out _, out status[i], out _));
        Assert.Equal(expected, status[0] & 0x7C000);
        Assert.Equal(expected | 1u << 16, status[1] & 0x7C000 & ~(1u << 14 | 1u << 15));
        Assert.Equal(expected | protocol switch { 6 => 1u << 14, 17 => 1u << 15, _ => 0 }, status[2] & 0x7C000);
    }

    [Fact]
    public void Checksum_status_stays_away_when_the_driver_does_not_want_it()
    {
        _card.W16(0xE0, 0);
        _card.FromWire(Frames.Ethernet(Frames.Card, Frames.PeerMac, 0x0800, Frames.IPv4(6, Frames.Tcp(100))));
        _card.Settle();
        Assert.True(_card.TryReceive(out _, out var status, out _));
        Assert.Equal(0u, status & 0x7C000);
    }

    [Fact]
    public void A_VLAN_tag_moves_into_the_descriptor_where_the_driver_wants_it_there()
    {
        var plain = Frames.ToCard(100);
        byte[] tagged = [.. plain[..12], 0x81, 0x00, 0x00, 0x64, .. plain[12..]];
        _card.FromWire(tagged);
        _card.Settle();
        Assert.Equal(tagged, _card.Receive());
        _card.W16(0xE0, 0x0060);
        _card.FromWire(tagged);
        _card.Settle();
        Assert.True(_card.TryReceive(out var frame, out _, out var options2));
        Assert.Equal(plain, frame);
        Assert.Equal(1u << 16 | 0x6400, options2 & 0x1FFFF);
    }

    [Fact]
    public void Frames_without_a_descriptor_wait_until_the_driver_returns_some()
    {
        _card.FillRxRing(entries: 4);
        for (var i = 0; i < 10; i++) _card.FromWire(Frames.ToCard(100, i));
        _card.Settle();
        Assert.Equal(RxOk | RxUnavailable, _card.R16(0x3E));
        for (var i = 0; i < 10; i++)
        {
            Assert.Equal(Frames.ToCard(100, i), _card.Receive());
            if (i % 4 != 3) continue;
            _card.W16(0x3E, 0xFFFF);
            _card.W16(0x3C, 0x2F);
            _card.Settle();
        }
        Assert.Equal(0, _card.Nic.Counters.RxMissed);
    }

    [Fact]
    public void A_full_FIFO_loses_frames_and_counts_them()
    {
        _card.FillRxRing(entries: 1);
        for (var i = 0; i < 100; i++) _card.FromWire(Frames.ToCard(1514, i));
        _card.Settle();
        Assert.Equal(FifoOverflow, _card.R16(0x3E) & FifoOverflow);
        Assert.InRange(_card.Nic.Counters.RxMissed, 40, 70);
        Assert.Equal(_card.Nic.Counters.RxMissed, (ushort)_card.R32(0x4C));
    }

    [Fact]
    public void An_overflow_can_be_had_on_order()
    {
        _card.Slot.Do(nic => nic.OverflowReceive(2));
        for (var i = 0; i < 3; i++) _card.FromWire(Frames.ToCard(100, i));
        _card.Settle();
        Assert.Equal(Frames.ToCard(100, 2), _card.Receive());
        Assert.Equal(2, _card.DumpCounters().RxMissed);
    }

    [Fact]
    public void A_frame_with_a_bad_FCS_is_dropped_and_counted_unless_the_driver_accepts_errors()
    {
        _card.Slot.Do(nic => nic.CorruptNextReceive());
        _card.FromWire(Frames.ToCard(100));
        _card.Settle();
        Assert.False(_card.TryReceive(out _, out _, out _));
        Assert.Equal(1u, _card.Nic.Counters.RxErrors);
        _card.W32(0x44, 0xE72E);
        _card.Slot.Do(nic => nic.CorruptNextReceive());
        _card.FromWire(Frames.ToCard(100));
        _card.Settle();
        Assert.True(_card.TryReceive(out _, out var status, out _));
        Assert.Equal(ErrorStatus | Crc, status & (ErrorStatus | Crc));
        Assert.Equal(RxError, _card.R16(0x3E) & RxError);
    }

    [Fact]
    public void A_bit_that_flips_inside_the_card_shows_in_the_checksum_status_only()
    {
        var frame = Frames.Ethernet(Frames.Card, Frames.PeerMac, 0x0800, Frames.IPv4(6, Frames.Tcp(400)));
        FixSegment(frame, 50, zero: false);
        _card.Slot.Do(nic => nic.CorruptNextReceive(ReceiveFault.FlippedBit, 1));
        _card.FromWire(frame);
        _card.Settle();
        Assert.True(_card.TryReceive(out var got, out var status, out _));
        Assert.Equal(1u << 17 | 1u << 14, status & 0x7C000);
        Assert.Equal(0u, status & ErrorStatus);
        Assert.Equal(1, got.Zip(frame).Count(pair => pair.First != pair.Second));
    }

    [Theory]
    [InlineData(Rtl8111Chip.Rtl8168C, 6122, 6123)]
    [InlineData(Rtl8111Chip.Rtl8168Dp, 9194, 9195)]
    public void Jumbo_frames_go_both_ways_up_to_what_the_chip_has(Rtl8111Chip chip, int fits, int tooLong)
    {
        var wire = new Listener();
        var card = new MiniDriver(chip, wire: wire).Open();
        card.FromWire(Frames.ToCard(fits + 14));
        card.Settle();
        Assert.True(card.TryReceive(out _, out var status, out _));
        Assert.Equal(ErrorStatus | Watchdog, status & (ErrorStatus | Watchdog));
        card.W8(0x50, 0xC0);
        card.W8(0x54, 0x04);
        card.W8(0x50, 0x00);
        card.FromWire(Frames.ToCard(fits + 18));   // with a VLAN tag, as the driver reckons
        card.FromWire(Frames.ToCard(tooLong + 18));
        card.Settle();
        Assert.Equal(Frames.ToCard(fits + 18), card.Receive());
        Assert.True(card.TryReceive(out _, out status, out _));
        Assert.Equal(ErrorStatus | Watchdog, status & (ErrorStatus | Watchdog));
        card.Send(Frames.FromCard(fits + 14), segments: 3);
        Assert.Equal(Frames.FromCard(fits + 14), Assert.Single(wire.Frames));
    }

    [Fact]
    public void A_frame_longer_than_its_buffer_goes_on_in_the_next_one()
    {
        _card.FillRxRing(bufferSize: 256);
        _card.FromWire(Frames.ToCard(600));
        _card.Settle();
        Assert.Equal(MiniDriver.First | 256, _card.Options1(MiniDriver.RxRing, 0) & 0xB000_3FFF);
        Assert.Equal(256u, _card.Options1(MiniDriver.RxRing, 1) & 0xB000_3FFF);
        Assert.Equal(MiniDriver.Last | 604, _card.Options1(MiniDriver.RxRing, 2) & 0xB000_3FFF);
    }

    [Fact]
    public void Nothing_comes_in_while_the_receiver_or_the_link_is_off()
    {
        _card.W8(0x37, 0x04);
        _card.FromWire(Frames.ToCard(100));
        _card.W8(0x37, 0x0C);
        _card.Slot.Do(nic => nic.CablePluggedIn = false);
        _card.FromWire(Frames.ToCard(100));
        _card.Settle();
        Assert.False(_card.TryReceive(out _, out _, out _));
    }

    [Fact]
    public void Bus_mastering_switched_off_holds_frames_back_until_it_is_on_again()
    {
        _card.FromWire(Frames.ToCard(100));
        _card.BusMaster(false);
        _card.Settle();
        Assert.False(_card.TryReceive(out _, out _, out _));
        _card.BusMaster(true);
        _card.Settle();
        Assert.True(_card.TryReceive(out _, out _, out _));
        Assert.Empty(_card.Slot.Findings);
    }

    static void FixSegment(byte[] frame, int checksumAt, bool zero)
    {
        if (zero) return;
        frame[checksumAt] = frame[checksumAt + 1] = 0;
        var checksum = Frames.SegmentCheck(frame.AsSpan(14));
        (frame[checksumAt], frame[checksumAt + 1]) = ((byte)(checksum >> 8), (byte)checksum);
    }
}
