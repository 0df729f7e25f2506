using Understudy.Devices;

namespace Understudy.Vfio.Tests;

/// <summary>The cases of the kernel's vfio_pci_device_test, with their criteria, on models in this process.</summary>
public sealed class VfioDeviceTests : IDisposable
{
    readonly Iommu _iommu = Iommu.Open(IommuMode.Model);
    readonly VfioDevice _device;

    public VfioDeviceTests() => _device = VfioDevice.Open(new Ioat(channels: 3), _iommu);

    public void Dispose()
    {
        _device.Dispose();
        _iommu.Dispose();
    }

    [Fact]
    public void Config_space_reads_and_writes()
    {
        Assert.Equal(0x8086, _device.VendorId);
        Assert.Equal(0x2021, _device.DeviceId);
        Assert.False(_device.BusMaster);
        _device.BusMaster = true;
        Assert.True(_device.BusMaster);
        _device.BusMaster = false;
        Assert.False(_device.BusMaster);
    }

    [Fact]
    public void Bars_have_the_sizes_the_model_declares()
    {
        Assert.Equal(0x4000UL, _device.BarBytes(0));
        Assert.Equal(0UL, _device.BarBytes(2));
        Assert.Contains("BAR 2 has 0x0 bytes", Assert.Throws<VfioException>(() => _device.Bar(2, IoatRegisters.Map)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_vector_can_be_triggered_and_reads_exactly_one()
    {
        using var vectors = _device.EnableInterrupts(InterruptKind.Msix);
        Assert.Equal(3, vectors.Count);
        foreach (var vector in vectors)
        {
            Assert.Equal(0UL, vector.Take());
            vector.Trigger();
            Assert.Equal(1UL, vector.Wait(TimeSpan.FromSeconds(1)));
        }
    }

    [Fact]
    public async Task An_interrupt_can_be_awaited()
    {
        using var vectors = _device.EnableInterrupts(InterruptKind.Msix, count: 1, first: 2);
        var waiting = vectors[0].WaitAsync(TimeSpan.FromSeconds(30));
        vectors[0].Trigger();
        Assert.Equal(1UL, await waiting);
        Assert.Equal(2, vectors[0].Vector);
    }

    [Fact]
    public void One_that_fires_when_it_must_not_is_an_error()
    {
        using var vectors = _device.EnableInterrupts(InterruptKind.Msix);
        vectors[1].Trigger();
        Assert.Contains("Msix vector 1 fired 1 time", Assert.Throws<VfioException>(() => vectors[1].MustNotFire(TimeSpan.FromSeconds(1))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void More_interrupts_than_there_are_are_refused()
        => Assert.Contains("has 3 Msix interrupts", Assert.Throws<VfioException>(() => _device.EnableInterrupts(InterruptKind.Msix, count: 4)).Message, StringComparison.Ordinal);

    [Fact]
    public void A_reset_puts_registers_back_and_keeps_the_command_register_as_the_kernel_does()
    {
        var channel = _device.Bar(0, IoatRegisters.Map).Block(IoatRegisters.Channels[0]);
        _device.BusMaster = true;
        channel[IoatRegisters.Channel.CompletionAddress] = 0x1000;
        _device.Reset();
        Assert.Equal(0UL, channel[IoatRegisters.Channel.CompletionAddress]);
        Assert.True(_device.BusMaster);
    }

    [Fact]
    public void An_intx_is_masked_when_it_fires_and_comes_again_when_it_still_holds()
    {
        using var card = VfioDevice.Open(new PciIdio16(), _iommu);
        card.WriteConfig<ushort>(0x04, 0x0001);
        using var intx = card.EnableInterrupts(InterruptKind.Intx);
        var registers = card.Bar(2, PciIdio16.Registers.Map);
        _ = registers[PciIdio16.Registers.Map.At(2)!];                       // enables interrupts
        card.Slot!.Stimulate("input", io => { ((PciIdio16)io).SetInput(3, high: true); return 0; });
        Assert.Equal(1UL, intx[0].Wait(TimeSpan.FromSeconds(1)));
        Assert.Equal(0UL, intx[0].Take());
        intx[0].Unmask();
        Assert.Equal(1UL, intx[0].Wait(TimeSpan.FromSeconds(1)));
        registers[PciIdio16.Registers.Map.At(1)!] = 0;                       // clears the interrupt
        intx[0].Unmask();
        Assert.Equal(0UL, intx[0].Take());
    }

    [Fact]
    public void A_card_that_is_not_there_is_named()
        => Assert.Contains("There is no PCI device 0000:ff:1f.7", Assert.Throws<VfioException>(() => KernelDevice.RequireBound("0000:ff:1f.7")).Message, StringComparison.Ordinal);

    [Fact]
    public void Models_and_cards_do_not_share_an_iommu()
    {
        Assert.Throws<ArgumentException>(() => VfioDevice.Open("0000:00:00.0", _iommu));
    }
}
