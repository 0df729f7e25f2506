using static Understudy.Devices.Tests.AxisG2Rig;

namespace Understudy.Devices.Tests;

public class AxisG2InterruptTests
{
    readonly AxisG2Rig _card = new();

    void Handler() => _card.W(0x004, 0);

    void Acknowledge(uint handled, bool enable = true) => _card.W(0x04C, (enable ? 0x3_0000u : 0x1_0000) + handled);

    void Frame(int index = 100)
    {
        _card.Send(Bytes(64), index: index);
        _card.Clocks(1_000);
    }

    [Fact]
    public void One_message_a_service_pass_and_the_count_goes_down_by_what_was_handled()
    {
        _card.Open();
        Frame();
        Assert.Equal((1, 2u), (_card.Interrupts, _card.R(0x050)));
        Frame(101);
        Assert.Equal((1, 4u), (_card.Interrupts, _card.R(0x050)));     // it is high already
        Handler();
        Acknowledge(4);
        Assert.Equal((1, 0u), (_card.Interrupts, _card.R(0x050)));
        Frame(102);
        Assert.Equal(2, _card.Interrupts);
        Assert.Empty(_card.Checks);
    }

    [Fact]
    public void What_is_left_after_an_acknowledge_interrupts_again()
    {
        _card.Open();
        Frame();
        Frame(101);
        Handler();
        Acknowledge(3);
        Assert.Equal((2, 1u), (_card.Interrupts, _card.R(0x050)));
    }

    [Fact]
    public void More_than_is_outstanding_counts_as_all_and_is_found()
    {
        _card.Open();
        Frame();
        Handler();
        Acknowledge(3);
        Assert.Equal(0u, _card.R(0x050));
        Assert.Equal(["acknowledged-too-many"], _card.Checks);
    }

    [Fact]
    public void Hold_off_runs_from_the_acknowledge_in_clocks()
    {
        _card.Open(holdOff: 10_000);
        Acknowledge(0);
        Frame();                                                    // 1000 clocks
        Assert.Equal(0, _card.Interrupts);
        _card.Clocks(8_990);
        Assert.Equal(0, _card.Interrupts);
        _card.Clocks(10);
        Assert.Equal(1, _card.Interrupts);
        Assert.InRange(_card.Counters.ShortestHoldOff, 10_000, 10_001);
    }

    [Fact]
    public void Hold_off_has_sixteen_bits()
    {
        _card.W(0x084, 100_000);
        Assert.Equal(34_464u, _card.R(0x084));
    }

    [Fact]
    public void A_hold_off_written_smaller_takes_effect_at_once()
    {
        _card.Open(holdOff: 0xFFFF);
        Acknowledge(0);
        Frame();
        Assert.Equal(0, _card.Interrupts);
        _card.W(0x084, 10);
        Assert.Equal(1, _card.Interrupts);
    }

    [Fact]
    public void Force_ignores_the_hold_off_and_lasts_until_the_acknowledge()
    {
        _card.Open(holdOff: 0xFFFF);
        _card.W(0x080, 1);
        Assert.Equal((1, 1u), (_card.Interrupts, _card.R(0x080)));
        Handler();
        Assert.Equal(1u, _card.R(0x080));
        Acknowledge(0);
        Assert.Equal((1, 0u), (_card.Interrupts, _card.R(0x080)));
    }

    [Theory]
    [InlineData(true, 1, 1)]
    [InlineData(false, 2, 1)]
    public void A_force_during_the_handler_is_lost_in_the_acknowledge_as_in_hardware(bool loses, int interrupts, int lost)
    {
        var card = new AxisG2Rig(new() { LosesForcedInterrupts = loses }).Open();
        card.W(0x080, 1);
        card.W(0x004, 0);
        card.W(0x080, 1);
        card.W(0x04C, 0x3_0000);
        Assert.Equal((interrupts, lost), (card.Interrupts, card.Counters.ForcedLost));
    }

    [Fact]
    public void Masked_it_is_silent_and_unmasking_tells_what_was_missed()
    {
        _card.Open();
        _card.W(0x004, 0);
        Frame();
        Assert.Equal(0, _card.Interrupts);
        _card.W(0x004, 1);
        Assert.Equal(1, _card.Interrupts);
        Acknowledge(0, enable: false);
        Assert.Equal(0u, _card.R(0x004));
    }

    [Fact]
    public void Asserted_for_a_second_it_tells_again()
    {
        _card.Open();
        _card.W(0x080, 1);
        Assert.Equal(1, _card.Interrupts);
        _card.Bus.Time.Advance(1_000_000_000);
        Assert.Equal(2, _card.Interrupts);
        _card.W(0x000, 0);
        _card.Bus.Time.Advance(5_000_000_000);
        Assert.Equal(2, _card.Interrupts);
    }

    [Fact]
    public void The_pin_follows_the_level_where_there_are_no_messages()
    {
        var bus = new Pci.LoopbackBus();
        var slot = new Pci.PciSlot<AxisG2>(bus, new AxisG2(new() { HasMsi = false, HasMsix = false }));
        slot.WriteConfig(4, [6, 0]);
        void Write(ulong offset, uint value) => slot.Write(0, offset, BitConverter.GetBytes(value));
        Write(0x028, 64);
        Write(0x000, 1);
        Write(0x004, 1);
        Write(0x080, 1);
        Assert.True(bus.Intx);
        Write(0x004, 0);
        Assert.False(bus.Intx);
        Write(0x04C, 0x3_0000);
        Assert.False(bus.Intx);
    }

    [Fact]
    public void The_engine_off_it_is_off_and_forgets_the_force()
    {
        _card.W(0x004, 1);
        _card.W(0x080, 1);
        Assert.Equal((0, 0u), (_card.Interrupts, _card.R(0x080)));
        _card.Open();
        Assert.Equal(0, _card.Interrupts);
    }
}
