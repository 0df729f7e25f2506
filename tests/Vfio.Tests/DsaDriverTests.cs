using Understudy.Devices;
using Understudy.Pci;
using Understudy.Pci.Tests;

namespace Understudy.Vfio.Tests;

/// <summary>The DSA driver on its model.</summary>
public sealed class DsaDriverTests() : CopyDriverContract(() => new Dsa())
{
    [Theory]
    [InlineData(0x0B25)]
    [InlineData(0x11FB)]
    [InlineData(0x1212)]
    public void The_driver_is_found_by_the_devices_id(int id)
    {
        using var device = VfioDevice.Open(new Dsa(new() { DeviceId = (ushort)id }), Iommu);
        Assert.IsType<DsaDriver>(CopyDrivers.For(device));
    }

    [Fact]
    public void A_device_that_hands_out_its_interrupts_is_refused_with_the_reason()
    {
        using var device = VfioDevice.Open(new Dsa(new() { HasInterruptHandles = true }), Iommu);
        Assert.Contains("handles", Assert.Throws<VfioException>(() => CopyDrivers.For(device)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(2, 1)]
    [InlineData(1024, 1)]
    [InlineData(1025, 2)]                                    // a batch has two descriptors at least
    [InlineData(31 * 1024 + 1, 32)]
    public void Many_copies_are_batches_of_two_at_least(int copies, int batches)
    {
        var before = Count();
        Fill(Source, 64, seed: copies);
        Driver.Start(Source, Destination, 64, (ulong)copies);
        Assert.True(Driver.Wait());
        Assert.True(Same(64));
        Assert.Equal(copies + batches, Count() - before);
        Assert.Empty(Device.Slot!.Findings);
    }

    [Fact]
    public void A_failure_in_the_first_of_many_batches_is_not_forgotten()
    {
        Device.Slot!.Stimulate("fail", card => { ((Dsa)card).FailNext(DsaStatus.HardwareError); return 0; });
        Driver.Start(Source, Destination, 64, 3000);
        Assert.False(Driver.Wait());
        Driver.Start(Source, Destination, 64, 3000);
        Assert.True(Driver.Wait());
    }

    [Fact]
    public void A_software_error_is_told_and_the_driver_can_start_again()
    {
        Device.Slot!.Stimulate("stall", card => { Stall(card, stalled: true); return 0; });
        Driver.Start(Source, Destination, 64);
        Device.Bar(2, DsaRegisters.Portals.Map).Store64(0x4000, new byte[64]);          // work queue 1 is not enabled
        Assert.Contains("software error 0x50 in work queue 1", Assert.Throws<VfioException>(() => Driver.Wait()).Message, StringComparison.Ordinal);
        Driver.Remove();
        Driver.Init();
        CopyAndCompare(4096, seed: 1);
    }

    [Fact]
    public void A_lost_completion_record_is_a_timeout_with_the_count()
    {
        Device.Slot!.Stimulate("lose", card => { ((Dsa)card).LoseRecords(); return 0; });
        Driver.Start(Source, Destination, 64);
        Assert.Contains("1 of 1 descriptors", Assert.Throws<VfioException>(() => Driver.Wait(TimeSpan.FromMilliseconds(50))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_command_that_fails_says_which_and_how()
    {
        Driver.Remove();
        Device.Slot!.Stimulate("halt", card => { ((Dsa)card).Halt(DsaReset.FunctionLevel); return 0; });
        Assert.Contains("ResetDevice ended in error 0x03", Assert.Throws<VfioException>(Driver.Init).Message, StringComparison.Ordinal);
        Device.Reset();
        Driver.Init();
        CopyAndCompare(4096, seed: 2);
    }

    [Fact]
    public void Copies_and_messages_allocate_nothing()
    {
        void Round()
        {
            for (var i = 0; i < 100; i++)
            {
                Driver.Start(Source, Destination, 64, 2);
                Driver.Wait(TimeSpan.FromSeconds(30));
            }
        }
        Round();
        Assert.Equal(0, Allocation.Of(Round));
    }

    private protected override void Stall(PciDevice model, bool stalled) => ((Dsa)model).Stall(0, stalled);

    long Count() => Device.Slot!.Stimulate("count", card => ((Dsa)card).Descriptors);
}
