using Understudy.Devices;
using Understudy.Pci;

namespace Understudy.Vfio.Tests;

/// <summary>The datadev driver on its model, with looped streams.</summary>
public sealed class DatadevDriverTests() : CopyDriverContract(() => new AxisG2())
{
    private protected override void Stall(PciDevice model, bool stalled) => ((AxisG2)model).FailNext(CompletionFault.Lost, stalled ? 1000 : 0);

    [Fact]
    public void The_driver_is_found_by_the_devices_id() => Assert.IsType<DatadevDriver>(Driver);

    [Fact]
    public void A_storm_is_as_many_frames()
    {
        Driver.Start(Source, Destination, 64, Driver.MostCopies);
        Assert.True(Driver.Wait());
        Assert.Equal((long)Driver.MostCopies, Device.Slot!.Stimulate("count", card => (long)((AxisG2)card).Counters.RxFrames));
    }

    [Fact]
    public void An_address_beyond_the_cards_is_refused_and_not_cut_off()
        => Assert.Contains("reaches addresses below 0x10000000000", Assert.Throws<ArgumentOutOfRangeException>(() => Driver.Start(1UL << 40, Destination, 64)).Message, StringComparison.Ordinal);

    [Fact]
    public void Firmware_of_version_3_with_rings_of_two_entries_is_driven_too()
    {
        using var card = VfioDevice.Open(new AxisG2(AxisG2Options.SlacEmulator with { HasMsi = true }), Iommu);
        using var driver = CopyDrivers.For(card)!;
        driver.Init();
        Assert.Equal(1UL, driver.MostCopies);
        Fill(Source, 4096, seed: 21);
        Assert.True(driver.Copy(Source, Destination, 4096));
        Assert.True(Same(4096));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void An_interrupt_that_nobody_acknowledges_comes_again_unless_the_firmware_does_not_repeat_it(bool repeats)
    {
        using var card = VfioDevice.Open(new AxisG2(new() { RepeatsInterrupts = repeats }), Iommu);
        using var messages = card.EnableInterrupts(InterruptKind.Msix);
        card.BusMaster = true;
        var registers = card.Bar(0, AxisG2Registers.Map);
        foreach (var register in (Register[])[AxisG2Registers.EnableVer, AxisG2Registers.IntEnable, AxisG2Registers.ForceInt]) registers[register] = 1;
        Assert.NotEqual(0UL, messages[0].Wait(TimeSpan.FromSeconds(10)));
        if (repeats) Assert.NotEqual(0UL, messages[0].Wait(TimeSpan.FromSeconds(10)));
        else messages[0].MustNotFire(TimeSpan.FromMilliseconds(50));
    }

    [Fact]
    public void A_card_without_messages_is_refused()
    {
        using var card = VfioDevice.Open(new AxisG2(new() { HasMsi = false, HasMsix = false }), Iommu);
        Assert.Contains("neither MSI-X nor MSI", Assert.Throws<VfioException>(() => CopyDrivers.For(card)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_frame_that_comes_back_wrong_fails_the_copy_and_nothing_after_it()
    {
        Device.Slot!.Stimulate("fail", card => { ((AxisG2)card).FailNext(CompletionFault.BusError); return 0; });
        Driver.Start(Source, Destination, 4096, 10);
        Assert.False(Driver.Wait());
        CopyAndCompare(4096, seed: 22);
    }
}
