using System.Buffers.Binary;

namespace Understudy.Devices.Tests;

public class Rtl8111TransmitTests
{
    const int TxOk = 0x04, TxError = 0x08, TxUnavailable = 0x80;
    const uint Own = MiniDriver.Own, Ipv4 = 1u << 29, Ipv6 = 1u << 28, TcpCs = 1u << 30, UdpCs = 1u << 31;
    readonly Listener _wire = new();
    readonly MiniDriver _card;

    public Rtl8111TransmitTests() => _card = new MiniDriver(wire: _wire).Open();

    [Fact]
    public void A_frame_reaches_the_wire_after_the_doorbell_has_returned()
    {
        var frame = Frames.FromCard(200);
        _card.Queue(frame);
        _card.Doorbell();
        Assert.Empty(_wire.Frames);
        Assert.Equal(0x40, _card.R8(0x38));
        _card.Settle();
        Assert.Equal(frame, Assert.Single(_wire.Frames));
        Assert.Equal(0, _card.R8(0x38));
        Assert.Equal(0u, _card.Options1(MiniDriver.TxRing, 0) & Own);
        Assert.Equal(TxOk | TxUnavailable, _card.R16(0x3E));
        Assert.Equal(1, _card.Interrupts);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(17)]
    public void Segments_come_together_in_one_frame(int segments)
    {
        var frame = Frames.FromCard(1400);
        _card.Send(frame, segments: segments);
        Assert.Equal(frame, Assert.Single(_wire.Frames));
        for (var i = 0; i < segments; i++) Assert.Equal(0u, _card.Options1(MiniDriver.TxRing, i) & Own);
    }

    [Fact]
    public void Short_frames_are_padded_with_zeros()
    {
        _card.Send(Frames.FromCard(200, seed: 3));
        _card.Send(Frames.FromCard(42));
        Assert.Equal(60, _wire.Frames[1].Length);
        Assert.Equal(new byte[18], _wire.Frames[1][42..]);
    }

    [Fact]
    public void Frames_queued_together_go_in_order_with_one_interrupt()
    {
        for (var i = 0; i < 50; i++) _card.Queue(Frames.FromCard(100, i));
        _card.Doorbell();
        _card.Settle();
        Assert.Equal(Enumerable.Range(0, 50).Select(i => (byte)i), _wire.Frames.Select(frame => frame[14]));
        Assert.Equal(1, _card.Interrupts);
    }

    [Fact]
    public void A_full_ring_takes_several_batches_and_wraps()
    {
        for (var round = 0; round < 3; round++)
        {
            for (var i = 0; i < 200; i++) _card.Queue(Frames.FromCard(100, i));
            _card.Doorbell();
            _card.Settle();
            _card.W16(0x3E, 0xFFFF);
        }
        Assert.Equal(600, _wire.Frames.Count);
        Assert.Empty(_card.Slot.Findings);
    }

    [Fact]
    public void The_high_priority_ring_works_like_the_normal_one()
    {
        _card.W32(0x28, (uint)MiniDriver.HighRing);
        Frames.FromCard(100).CopyTo(_card.Bus.Memory[(int)MiniDriver.TxBuffers..]);
        _card.SetDescriptor(MiniDriver.HighRing, 0, Own | MiniDriver.First | MiniDriver.Last | MiniDriver.EndOfRing | 100, 0, MiniDriver.TxBuffers);
        _card.W8(0x38, 0x80);
        _card.Settle();
        Assert.Single(_wire.Frames);
        Assert.Equal(0u, _card.Options1(MiniDriver.HighRing, 0) & Own);
    }

    [Theory]
    [InlineData(60)]
    [InlineData(1480)]
    public void Udp_and_tcp_checksums_are_put_in_place_over_IPv4(int size)
    {
        _card.Send(Frames.Ethernet(Frames.PeerMac, Frames.Card, 0x0800, Frames.IPv4(17, Frames.Udp(size - 8, 0xBEEF), headerChecksum: false)), options2: Ipv4 | UdpCs | 34u << 18);
        _card.Send(Frames.Ethernet(Frames.PeerMac, Frames.Card, 0x0800, Frames.IPv4(6, Frames.Tcp(size - 20), headerChecksum: false)), options2: Ipv4 | TcpCs | 34u << 18);
        Assert.Equal(2, _wire.Frames.Count);
        Assert.All(_wire.Frames, frame => Assert.Equal(0, Frames.Checksum(frame.AsSpan(14, 20))));
        Assert.All(_wire.Frames, frame => Assert.Equal(0, Frames.SegmentCheck(frame.AsSpan(14))));
    }

    [Fact]
    public void Udp_and_tcp_checksums_are_put_in_place_over_IPv6()
    {
        _card.Send(Frames.Ethernet(Frames.PeerMac, Frames.Card, 0x86DD, Frames.IPv6(17, Frames.Udp(101))), options2: Ipv6 | UdpCs | 54u << 18);
        _card.Send(Frames.Ethernet(Frames.PeerMac, Frames.Card, 0x86DD, Frames.IPv6(6, Frames.Tcp(100))), options2: Ipv6 | TcpCs | 54u << 18);
        Assert.Equal(2, _wire.Frames.Count);
        Assert.All(_wire.Frames, frame => Assert.Equal(0, Frames.SegmentCheck(frame.AsSpan(14))));
    }

    [Fact]
    public void A_checksum_command_that_does_not_fit_the_frame_is_refused_and_found()
    {
        _card.Send(Frames.FromCard(100), options2: Ipv4 | UdpCs | 34u << 18);
        _card.Send(Frames.Ethernet(Frames.PeerMac, Frames.Card, 0x0800, Frames.IPv4(17, Frames.Udp(100))), options2: Ipv4 | UdpCs | 38u << 18);
        Assert.Empty(_wire.Frames);
        Assert.Equal(["tx-checksum-not-ip", "tx-checksum-offset"], _card.Checks);
        Assert.Equal(2u, _card.Nic.Counters.TxErrors);
        Assert.Equal(0u, _card.Options1(MiniDriver.TxRing, 1) & Own);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_large_send_is_cut_into_segments_that_add_up(bool four)
    {
        const int Mss = 1000, Size = 3500;
        var tcp = Frames.Tcp(Size, flags: 0x99);   // CWR, ACK, PSH, FIN
        var ip = four ? Frames.IPv4(6, tcp) : Frames.IPv6(6, tcp);
        var at = four ? 34u : 54u;
        var frame = Frames.Ethernet(Frames.PeerMac, Frames.Card, four ? 0x0800 : 0x86DD, ip);
        _card.Send(frame, options1: (four ? 1u << 26 : 1u << 25) | at << 18, options2: (uint)Mss << 18, segments: 2);
        Assert.Equal(4, _wire.Frames.Count);
        var payload = new List<byte>();
        for (var i = 0; i < 4; i++)
        {
            var sent = _wire.Frames[i];
            Assert.Equal(0, Frames.SegmentCheck(sent.AsSpan(14)));
            Assert.Equal(0x1000u + (uint)(i * Mss), BinaryPrimitives.ReadUInt32BigEndian(sent.AsSpan((int)at + 4)));
            Assert.Equal(i switch { 0 => 0x90, 3 => 0x19, _ => 0x10 }, sent[at + 13]);
            if (four) Assert.Equal(0x1122 + i, BinaryPrimitives.ReadUInt16BigEndian(sent.AsSpan(18)));
            payload.AddRange(sent[((int)at + 20)..]);
        }
        Assert.Equal(tcp[20..], payload);
    }

    [Theory]
    [InlineData(16_384)]
    [InlineData(40_000)]
    public void A_segment_may_be_longer_than_14_bits_can_say(int size)
    {
        var tcp = Frames.Tcp(size);
        var frame = Frames.Ethernet(Frames.PeerMac, Frames.Card, 0x0800, Frames.IPv4(6, tcp));
        frame.CopyTo(_card.Bus.Memory[(int)MiniDriver.TxBuffers..]);
        const uint Command = 1u << 26 | 34u << 18;
        _card.SetDescriptor(MiniDriver.TxRing, 0, MiniDriver.First | Command | 54, 1000u << 18, MiniDriver.TxBuffers);
        _card.SetDescriptor(MiniDriver.TxRing, 1, Own | MiniDriver.Last | Command | (uint)size, 1000u << 18, MiniDriver.TxBuffers + 54);
        _card.SetOptions1(MiniDriver.TxRing, 0, _card.Options1(MiniDriver.TxRing, 0) | Own);
        _card.Doorbell();
        _card.Settle();
        Assert.Equal(tcp[20..], _wire.Frames.SelectMany(sent => sent[54..]));
    }

    [Fact]
    public void A_VLAN_tag_is_inserted_after_the_addresses()
    {
        var frame = Frames.FromCard(100);
        _card.Send(frame, options2: 1u << 17 | 0x6400);   // VLAN 100, bytes swapped as the driver does
        Assert.Equal((byte[])[.. frame[..12], 0x81, 0x00, 0x00, 0x64, .. frame[12..]], Assert.Single(_wire.Frames));
    }

    [Fact]
    public void A_failed_transmit_gives_the_descriptor_back_with_an_error_interrupt()
    {
        _card.Slot.Do(nic => nic.FailNextTransmit());
        _card.Send(Frames.FromCard(100));
        Assert.Empty(_wire.Frames);
        Assert.Equal(TxError, _card.R16(0x3E) & (TxOk | TxError));
        Assert.Equal(0u, _card.Options1(MiniDriver.TxRing, 0) & Own);
        _card.Send(Frames.FromCard(100));
        Assert.Single(_wire.Frames);
        Assert.Equal((1ul, 1ul), (_card.Nic.Counters.TxPackets, _card.Nic.Counters.TxErrors));
    }

    [Fact]
    public void A_stalled_transmitter_hears_again_after_a_chip_reset()
    {
        _card.Slot.Do(nic => nic.StallTransmit());
        _card.Send(Frames.FromCard(100));
        Assert.Empty(_wire.Frames);
        Assert.NotEqual(0u, _card.Options1(MiniDriver.TxRing, 0) & Own);
        _card.Open(plug: false);
        _card.Send(Frames.FromCard(100));
        Assert.Single(_wire.Frames);
    }

    [Fact]
    public void A_reset_in_the_middle_of_a_transfer_stops_it()
    {
        for (var i = 0; i < 200; i++) _card.Queue(Frames.FromCard(100, i));
        _card.Doorbell();
        _card.Bus.Time.Advance(2_500);
        Assert.Equal(64, _wire.Frames.Count);
        _card.W8(0x37, 0x10);
        _card.Bus.Time.Advance(100);
        _card.Slot.Reset();
        _card.Settle();
        Assert.Equal(64, _wire.Frames.Count);
        Assert.Empty(_card.Slot.Findings);
    }

    [Fact]
    public void Bus_mastering_switched_off_under_a_pending_transmit_stops_it_quietly_until_it_is_on_again()
    {
        _card.Queue(Frames.FromCard(100));
        _card.Doorbell();
        _card.BusMaster(false);
        _card.Settle();
        Assert.Empty(_wire.Frames);
        Assert.Empty(_card.Slot.Findings);
        _card.Doorbell();
        Assert.Equal(["doorbell-without-bus-master"], _card.Checks);
        _card.BusMaster(true);
        _card.Settle();
        Assert.Single(_wire.Frames);
    }

    [Fact]
    public void Nothing_goes_out_without_a_link()
    {
        _card.Slot.Do(nic => nic.CablePluggedIn = false);
        _card.Send(Frames.FromCard(100));
        Assert.Empty(_wire.Frames);
        Assert.Equal(0u, _card.Options1(MiniDriver.TxRing, 0) & Own);
    }

    [Fact]
    public void Interrupts_wait_for_the_frames_or_the_time_that_mitigation_asks_for()
    {
        _card.W16(0xE2, 0x1200);   // 5 us or 8 frames
        for (var i = 0; i < 3; i++) _card.Queue(Frames.FromCard(100, i));
        _card.Doorbell();
        _card.Bus.Time.Advance(2_500);
        Assert.Equal((3, 0), (_wire.Frames.Count, _card.Interrupts));
        _card.Bus.Time.Advance(5_000);
        Assert.Equal(1, _card.Interrupts);
        _card.W16(0x3E, 0xFFFF);
        for (var i = 0; i < 8; i++) _card.Queue(Frames.FromCard(100, i));
        _card.Doorbell();
        _card.Bus.Time.Advance(2_500);
        Assert.Equal((11, 2), (_wire.Frames.Count, _card.Interrupts));
    }
}
