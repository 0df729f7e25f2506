namespace Understudy.Vfio.Tests;

public sealed class IommuTests
{
    [Fact]
    public void An_overlap_is_refused_and_named()
    {
        using var iommu = Iommu.Open(IommuMode.Model);
        using var buffer = iommu.Allocate(8192);
        using var memory = Understudy.Linux.FileDescriptor.CreateMemory("other", 4096);
        using var mapping = Understudy.Linux.SharedMapping.Map(memory, 0, 4096, writable: true);
        var refused = Assert.Throws<VfioException>(() => iommu.Map(mapping, buffer.Iova + 4096));
        Assert.Contains($"{IovaRange.Of(buffer.Iova, 8192)} is mapped already", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Only_what_was_mapped_can_be_unmapped()
    {
        using var iommu = Iommu.Open(IommuMode.Model);
        var refused = Assert.Throws<VfioException>(() => iommu.Unmap(IovaRange.Of(0x1000, 4096)));
        Assert.Contains("0x1000 to 0x1fff are not a mapping; there is none", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Unmapping_says_how_much_it_unmapped()
    {
        using var iommu = Iommu.Open(IommuMode.Model);
        using var one = iommu.Allocate(4096);
        using var two = iommu.Allocate(8192);
        Assert.Equal(4096UL, iommu.Unmap(IovaRange.Of(one.Iova, 4096)));
        Assert.Equal(8192UL, iommu.UnmapAll());
        Assert.Empty(iommu.Mapped);
    }

    [Fact]
    public void Huge_pages_that_are_not_there_are_asked_for_by_name()
    {
        using var iommu = Iommu.Open(IommuMode.Model);
        Assert.SkipWhen(File.Exists(HugePages) && File.ReadAllText(HugePages).Trim() != "0", "this machine has huge pages of 1 GiB reserved");
        Assert.Contains("huge pages of 1024 MiB", Assert.Throws<VfioException>(() => iommu.Allocate(1UL << 30, pageSize: 1UL << 30)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Modes_are_called_as_the_kernels_selftests_call_them()
    {
        foreach (var mode in IommuModes.All) Assert.Equal(mode, IommuModes.Parse(IommuModes.Name(mode)));
        Assert.Contains("vfio_type1v2_iommu", Assert.Throws<FormatException>(() => IommuModes.Parse("type1v2")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_machine_without_iommufd_says_what_is_missing()
    {
        Assert.SkipWhen(File.Exists("/dev/iommu"), "this machine has /dev/iommu");
        Assert.Contains("CONFIG_IOMMUFD", Assert.Throws<VfioException>(() => Iommu.Open()).Message, StringComparison.Ordinal);
    }

    const string HugePages = "/sys/kernel/mm/hugepages/hugepages-1048576kB/nr_hugepages";
}
