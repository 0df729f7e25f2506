using Understudy.Devices;
using Understudy.Pci;
using Understudy.Pci.Tests;

namespace Understudy.Vfio.Tests;

/// <summary>The I/OAT driver on its model.</summary>
public sealed class IoatDriverTests() : CopyDriverContract(() => new Ioat())
{
    [Fact]
    public void The_driver_is_found_by_the_devices_id() => Assert.IsType<IoatDriver>(Driver);

    [Fact]
    public void A_storm_executes_every_descriptor()
    {
        Driver.Start(Source, Destination, 64, Driver.MostCopies);
        Assert.True(Driver.Wait());
        Assert.Equal((long)Driver.MostCopies, Device.Slot!.Stimulate("count", card => ((Ioat)card).Descriptors));
    }

    [Fact]
    public void Bar_accesses_descriptors_and_interrupt_waits_allocate_nothing()
    {
        var card = Device.Bar(0, IoatRegisters.Map);
        CopyAndCompare(4096, seed: 8);
        Assert.Equal(0, Allocation.Of(() =>
        {
            for (var i = 0; i < 1000; i++)
            {
                card[IoatRegisters.InterruptControl] = card[IoatRegisters.InterruptControl];
                Memory.Write(0, 0x1234_5678_9ABCUL);
                Driver.Msi.Trigger();
                Driver.Msi.Wait(TimeSpan.FromSeconds(1));
            }
        }));
    }

    [Fact]
    public void A_view_never_writes_back_bits_that_a_one_clears()
    {
        var channel = Device.Bar(0, IoatRegisters.Map).Block(IoatRegisters.Channels[0]);
        Driver.Start(Unmapped, Destination, 64);
        while ((channel[IoatRegisters.Channel.Status] & 7) == 0) Thread.Yield();
        Assert.Equal((ulong)IoatError.ReadData, channel[IoatRegisters.Channel.Errors]);
        channel[IoatRegisters.Channel.Errors] = 0;                      // changes nothing: ones clear
        Assert.Equal((ulong)IoatError.ReadData, channel[IoatRegisters.Channel.Errors]);
        Assert.False(Driver.Wait());
    }

    private protected override void Stall(PciDevice model, bool stalled) => ((Ioat)model).Stall(0, stalled);
}
