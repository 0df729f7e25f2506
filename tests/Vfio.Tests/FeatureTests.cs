using Understudy.Devices;

namespace Understudy.Vfio.Tests;

/// <summary>What devices and IOMMUs offer beside the rest, on models.</summary>
public sealed class FeatureTests : IDisposable
{
    const ulong Page = 4096;
    readonly Iommu _iommu = Iommu.Open(IommuMode.Model);
    readonly VfioDevice _device;

    public FeatureTests() => _device = VfioDevice.Open(new Ioat(), _iommu);

    public void Dispose()
    {
        _device.Dispose();
        _iommu.Dispose();
    }

    [Fact]
    public void A_model_offers_nothing_and_says_so_when_it_is_used_nonetheless()
    {
        var features = _device.ProbeFeatures();
        Assert.Empty(features.Offered);
        Assert.Equal(MigrationAbility.None, features.Migration);
        Assert.False(features.LowPower || features.LogsDma);
        Assert.Equal(FeatureAccess.None, features[DeviceFeature.VfToken]);
        Assert.Contains("has no VfToken", Assert.Throws<VfioException>(() => _device.SetVfToken(Guid.NewGuid())).Message, StringComparison.Ordinal);
        Assert.Contains("has no LowPowerEntry", Assert.Throws<VfioException>(_device.EnterLowPower).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_pages_that_a_device_writes_are_named_once_and_those_it_reads_are_not()
    {
        using var memory = _iommu.Allocate(16 * Page);
        using var driver = CopyDrivers.For(_device)!;
        driver.Init();
        var range = IovaRange.Of(memory.Iova, memory.Size);
        Assert.True(driver.Copy(memory.Iova, memory.Iova + 2 * Page, 64));      // before anybody asks
        using var dirty = _iommu.TrackDirty();
        Assert.Empty(dirty.Take(range));
        Assert.True(driver.Copy(memory.Iova, memory.Iova + 4 * Page + 8, 2 * Page));
        Assert.True(driver.Copy(memory.Iova, memory.Iova + 15 * Page, 1));
        Assert.Equal([IovaRange.Of(memory.Iova + 4 * Page, 3 * Page), IovaRange.Of(memory.Iova + 15 * Page, Page)], dirty.Take(range));
        Assert.Empty(dirty.Take(range));
    }

    [Fact]
    public void Only_whole_mappings_can_be_asked_about_and_only_while_it_lasts()
    {
        using var memory = _iommu.Allocate(2 * Page);
        var range = IovaRange.Of(memory.Iova, memory.Size);
        using (var dirty = _iommu.TrackDirty())
            Assert.Contains("are not a mapping", Assert.Throws<VfioException>(() => dirty.Take(IovaRange.Of(memory.Iova, Page))).Message, StringComparison.Ordinal);
        using var driver = CopyDrivers.For(_device)!;
        driver.Init();
        Assert.True(driver.Copy(memory.Iova, memory.Iova + Page, 64));
        using var again = _iommu.TrackDirty();
        Assert.Empty(again.Take(range));
    }

    [Fact]
    public void Bits_become_ranges_and_those_behind_the_end_do_not()
    {
        var range = IovaRange.Of(0x10_0000, 70 * Page);
        Assert.Equal([IovaRange.Of(0x10_0000, Page), IovaRange.Of(0x10_0000 + 62 * Page, 4 * Page), IovaRange.Of(0x10_0000 + 69 * Page, Page)], DirtyTracking.Ranges(range, Page, [0xC000_0000_0000_0001, 0xFF23]));
    }

    [Fact]
    public void A_hot_reset_of_a_model_resets_it_alone()
    {
        Assert.Equal([_device.Name], _device.HotResetGroup);
        var channel = _device.Bar(0, IoatRegisters.Map).Block(IoatRegisters.Channels[0]);
        channel[IoatRegisters.Channel.CompletionAddress] = 0x1000;
        _device.HotReset();
        Assert.Equal(0UL, channel[IoatRegisters.Channel.CompletionAddress]);
    }

    [Fact]
    public void An_affected_device_is_named_as_everything_else_names_it()
        => Assert.Equal("0001:6a:1f.7", HotReset.Address(new Uapi.AffectedDevice { Segment = 1, Bus = 0x6A, DeviceFunction = 0xFF }));

    [Fact]
    public void The_structures_have_the_kernels_sizes()
    {
        Assert.Equal(40u, Uapi.SizeOf<Uapi.HardwareInfo>());
        Assert.Equal(48u, Uapi.SizeOf<Uapi.AllocatePageTable>());
        Assert.Equal(16u, Uapi.SizeOf<Uapi.TrackDirty>());
        Assert.Equal(48u, Uapi.SizeOf<Uapi.PageTableDirty>());
        Assert.Equal(40u, Uapi.SizeOf<Uapi.DirtyBitmap>());
        Assert.Equal(8u, Uapi.SizeOf<Uapi.AffectedDevice>());
    }

    [Fact]
    public void A_machine_without_VFIO_says_what_the_mode_without_an_IOMMU_needs()
    {
        Assert.SkipWhen(File.Exists("/dev/vfio/vfio"), "this machine has /dev/vfio/vfio");
        Assert.Contains("/dev/vfio/vfio", Assert.Throws<VfioException>(() => Iommu.Open(IommuMode.NoIommu)).Message, StringComparison.Ordinal);
        Assert.Equal(IommuMode.NoIommu, IommuModes.Parse("noiommu"));
        Assert.DoesNotContain(IommuMode.NoIommu, IommuModes.All);
    }
}
