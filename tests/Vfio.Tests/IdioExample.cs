using Understudy.Devices;
using static Understudy.Devices.PciIdio16.Registers;

namespace Understudy.Vfio.Tests;

/// <summary>Drives a PCI-IDIO-16 from user space: sixteen outputs, and sixteen inputs that interrupt when one of them changes.</summary>
sealed class Idio : IDisposable
{
    readonly VfioDevice _card;
    readonly BarView _io;
    readonly InterruptSet _irq;

    public Idio(VfioDevice card)
    {
        _card = card;
        card.WriteConfig<ushort>(0x04, 0x0001);              // I/O Space Enable
        _io = card.Bar(2, Map);
        _irq = card.EnableInterrupts(InterruptKind.Intx);
        _ = _io[IrqControl];                                 // reading it enables interrupts
    }

    public ushort Inputs => (ushort)(_io[In0To7] | _io[In8To15] << 8);

    public void SetOutputs(ushort levels)
    {
        _io[Out0To7] = levels & 0xFFu;
        _io[Out8To15] = (uint)levels >> 8;
    }

    public async Task<ushort> NextChangeAsync(TimeSpan timeout)
    {
        if (await _irq[0].WaitAsync(timeout) == 0) throw new TimeoutException($"no input of {_card.Name} changed in {timeout.TotalSeconds} s");
        _io[In0To7] = 0;                                     // clears the interrupt
        _irq[0].Unmask();                                    // the kernel masked the pin when it fired
        return Inputs;
    }

    public void Dispose() => _irq.Dispose();
}

public sealed class IdioExample
{
    [Fact]
    public async Task An_input_that_changes_is_seen()
    {
        using var iommu = Iommu.Open(IommuMode.Model);
        using var card = VfioDevice.Open(new PciIdio16(), iommu);
        using var idio = new Idio(card);
        var change = idio.NextChangeAsync(TimeSpan.FromSeconds(10));
        card.Slot!.Stimulate("input 9 goes high", model => { ((PciIdio16)model).SetInput(9, high: true); return 0; });
        Assert.Equal(1 << 9, await change);
    }

    [Fact]
    public void What_the_driver_sets_comes_out_of_the_card()
    {
        using var iommu = Iommu.Open(IommuMode.Model);
        using var card = VfioDevice.Open(new PciIdio16(), iommu);
        using var idio = new Idio(card);
        idio.SetOutputs(0x1234);
        Assert.Equal(0x1234, card.Slot!.Stimulate("look", model => ((PciIdio16)model).Outputs));
    }
}
