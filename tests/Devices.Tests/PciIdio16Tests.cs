using Understudy.Pci;

namespace Understudy.Devices.Tests;

public sealed class PciIdio16Tests
{
    const int Bar = 2;
    readonly LoopbackBus _bus = new();
    readonly PciSlot<PciIdio16> _slot;

    public PciIdio16Tests()
    {
        _slot = new PciSlot<PciIdio16>(_bus, new PciIdio16());
        _slot.WriteConfig(0x04, [0x01, 0x00]);      // I/O Space Enable, as pci_enable_device does
    }

    [Fact]
    public void Outputs_are_what_the_driver_wrote()
    {
        Write(0, 0x34);
        Write(4, 0x12);
        Assert.Equal(0x1234, _slot.Ask(card => card.Outputs));
        Assert.Equal(0x12, Read(4));
    }

    [Fact]
    public void A_changed_input_interrupts_until_the_driver_clears_it()
    {
        Read(2);                                    // enables interrupts
        _slot.Do(card => card.SetInput(9, high: true));
        Assert.True(_bus.Intx);
        Assert.Equal(0b110, Read(6));
        Assert.Equal(0x02, Read(5));
        Write(1, 0);                                // clears the interrupt
        Assert.False(_bus.Intx);
        Assert.Equal(0, Read(6));
    }

    [Fact]
    public void A_changed_input_is_silent_while_interrupts_are_disabled()
    {
        Read(2);
        Write(2, 0);
        _slot.Do(card => card.SetInput(0, high: true));
        Assert.False(_bus.Intx);
        Assert.Equal(0x01, Read(1));
    }

    [Fact]
    public void An_input_that_does_not_change_does_not_interrupt()
    {
        Read(2);
        _slot.Do(card => card.SetInput(3, high: false));
        Assert.False(_bus.Intx);
    }

    [Fact]
    public void Orders_name_what_is_wrong()
    {
        var order = Catalog.Find("pci-idio-16").Orders.Single(candidate => candidate.Name == "input");
        var wrong = Assert.Throws<FormatException>(() => order.Act(_slot.Device, ["16", "high"]));
        Assert.Contains("from 0 to 15", wrong.Message);
    }

    byte Read(ulong offset)
    {
        Span<byte> value = stackalloc byte[1];
        Assert.Equal(BusStatus.Ok, _slot.Read(Bar, offset, value));
        return value[0];
    }

    void Write(ulong offset, byte value) => Assert.Equal(BusStatus.Ok, _slot.Write(Bar, offset, [value]));
}
