namespace Understudy.Devices.Tests;

public class Rtl8111CounterTests
{
    readonly MiniDriver _card = new MiniDriver(wire: new Listener()).Open();

    [Fact]
    public void A_dump_writes_what_was_counted_and_then_clears_its_bit()
    {
        _card.Send(Frames.FromCard(100));
        _card.Send(Frames.FromCard(100));
        _card.FromWire(Frames.ToCard(100));
        _card.FromWire(Frames.Ethernet([255, 255, 255, 255, 255, 255], Frames.PeerMac, 0x88B5, new byte[60]));
        _card.FromWire(Frames.Ethernet([1, 0, 0x5E, 0, 0, 1], Frames.PeerMac, 0x88B5, new byte[60]));
        _card.Settle();
        _card.W32(0x10, (uint)MiniDriver.CounterDump | 8);
        Assert.Equal(8u, _card.R32(0x10) & 8);
        var counters = _card.DumpCounters();
        Assert.Equal(new TallyCounters { TxPackets = 2, RxPackets = 3, RxUnicast = 1, RxBroadcast = 1, RxMulticast = 1 }, counters);
        Assert.Equal(2, _card.Bus.Memory[(int)MiniDriver.CounterDump]);
        Assert.Equal(3, _card.Bus.Memory[(int)MiniDriver.CounterDump + 8]);
        Assert.Equal(1, _card.Bus.Memory[(int)MiniDriver.CounterDump + 56]);
    }

    [Fact]
    public void The_reset_command_sets_them_to_zero()
    {
        _card.Send(Frames.FromCard(100));
        _card.W32(0x10, (uint)MiniDriver.CounterDump | 1);
        _card.Settle();
        Assert.Equal(0u, _card.R32(0x10) & 1);
        Assert.Equal(default, _card.DumpCounters());
    }

    [Fact]
    public void A_dump_into_nowhere_ends_with_a_system_error_and_a_finding()
    {
        _card.W32(0x14, 0xFFFF_FFFF);
        _card.W32(0x10, 8);
        _card.Settle();
        Assert.Equal(0u, _card.R32(0x10) & 8);
        Assert.Equal(0x8000, _card.R16(0x3E) & 0x8000);
        Assert.Equal(["dma-unmapped"], _card.Checks);
    }
}
