using System.Net;

namespace Understudy.Devices.Tests;

public class PeerTests
{
    readonly MiniDriver _card = new MiniDriver().Open();

    Peer Peer => (Peer)_card.Nic.Wire;

    [Fact]
    public void It_answers_ARP_for_its_address_and_for_no_other()
    {
        _card.Send(Frames.ArpRequest(192, 0, 2, 1));
        var answer = _card.Receive();
        Assert.Equal(Frames.Ethernet(Frames.Card, Frames.PeerMac, 0x0806,
            [0, 1, 8, 0, 6, 4, 0, 2, .. Frames.PeerMac, 192, 0, 2, 1, .. Frames.Card, 192, 0, 2, 2]), answer[..42]);
        _card.Send(Frames.ArpRequest(192, 0, 2, 7));
        Assert.False(_card.TryReceive(out _, out _, out _));
        Assert.Equal((1L, 1L), (Peer.ArpAnswered, Peer.Ignored));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(56)]
    [InlineData(1472)]
    public void It_answers_a_ping_with_the_same_data(int size)
    {
        _card.Send(Frames.Echo(size, 7));
        var answer = _card.Receive();
        Assert.Equal(Frames.Card, answer[..6]);
        Assert.Equal(Frames.PeerMac, answer[6..12]);
        Assert.Equal((byte[])[192, 0, 2, 1, 192, 0, 2, 2], answer[26..34]);
        Assert.Equal(0, Frames.Checksum(answer.AsSpan(14, 20)));
        Assert.Equal(0, Frames.Checksum(answer.AsSpan(34, 8 + size)));
        Assert.Equal((0, 7), (answer[34], answer[41]));
        Assert.Equal(Frames.Echo(size, 7)[42..], answer[42..(42 + size)]);
    }

    [Fact]
    public void A_hundred_pings_sent_at_once_come_back_in_order()
    {
        for (var i = 0; i < 100; i++) _card.Queue(Frames.Echo(56, i));
        _card.Doorbell();
        _card.Settle();
        for (var i = 0; i < 100; i++) Assert.Equal(i, _card.Receive()[41]);
        Assert.InRange(_card.Interrupts, 1, 2);
    }

    [Fact]
    public void The_answer_takes_device_time()
    {
        _card.Queue(Frames.Echo(56, 1));
        _card.Doorbell();
        _card.Bus.Time.Advance(3_000);
        Assert.False(_card.TryReceive(out _, out _, out _));
        _card.Bus.Time.Advance(5_000);
        Assert.Equal(1, _card.Receive()[41]);
    }

    [Fact]
    public void It_can_have_another_address_and_be_silent()
    {
        _card.Slot.Do(_ => Peer.Address = IPAddress.Parse("10.0.0.1"));
        _card.Send(Frames.ArpRequest(10, 0, 0, 1));
        Assert.Equal([10, 0, 0, 1], _card.Receive()[28..32]);
        _card.Slot.Do(_ => Peer.Silent = true);
        _card.Send(Frames.ArpRequest(10, 0, 0, 1));
        Assert.False(_card.TryReceive(out _, out _, out _));
        Assert.Throws<ArgumentException>(() => Peer.Address = IPAddress.IPv6Loopback);
    }

    [Fact]
    public void Broken_pings_get_no_answer()
    {
        var good = Frames.Echo(56, 1);
        _card.Send([.. good[..50], (byte)(good[50] ^ 1), .. good[51..]]);
        _card.Send(good.AsSpan(0, 40));
        _card.Send([.. good[..14], 0x4F, .. good[15..]]);
        _card.Send([.. good[..20], 0x20, .. good[21..]]);
        Assert.False(_card.TryReceive(out _, out _, out _));
        Assert.Equal(4, Peer.Ignored);
    }

    [Fact]
    public void Random_frames_never_disturb_it()
    {
        var random = new Random(5);
        var frame = new byte[200];
        for (var i = 0; i < 20_000; i++)
        {
            var good = i % 2 == 0 ? Frames.Echo(56, i & 0xFFFF) : Frames.ArpRequest(192, 0, 2, 1);
            good.CopyTo(frame, 0);
            for (var flips = random.Next(6); flips > 0; flips--) frame[random.Next(12, 60)] = (byte)random.Next(256);
            Peer.Send(frame.AsSpan(0, random.Next(frame.Length)));
            if (i % 100 == 0) _card.Settle();
        }
        Assert.True(Peer.ArpAnswered > 100);
    }
}
