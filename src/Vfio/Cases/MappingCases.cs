using System.Diagnostics;
using System.Globalization;
using System.Numerics;
using Understudy.Linux;
using static Understudy.Vfio.Cases.CaseRig;

namespace Understudy.Vfio.Cases;

/// <summary>The cases of <c>vfio_dma_mapping_test.c</c> and <c>vfio_dma_mapping_mmio_test.c</c>, and some of our own.</summary>
static class MappingCases
{
    const int Overflow = 75;       // EOVERFLOW
    const int ManyMappings = 65_535;        // as many as a container has unless told
    static readonly ulong s_page = (ulong)Environment.SystemPageSize;

    public static IEnumerable<(string Name, Action<CaseRig> Run)> All { get; } =
    [
        ("dma_map_unmap.4K", rig => MapUnmap(rig, s_page, 0)),
        ("dma_map_unmap.2M_hugetlb", rig => MapUnmap(rig, 2 << 20, 2 << 20)),
        ("dma_map_unmap.1G_hugetlb", rig => MapUnmap(rig, 1 << 30, 1 << 30)),
        ("dma_map_limit.unmap_range", rig => Equal(s_page, AtTheLimit(rig, (iommu, range) => iommu.Unmap(range)), "bytes unmapped")),
        ("dma_map_limit.unmap_all", rig => Equal(s_page, AtTheLimit(rig, (iommu, _) => iommu.UnmapAll()), "bytes unmapped")),
        ("dma_map_limit.overflow", PastTheLimit),
        ("mmio.map_full_bar", rig => MapBar(rig, whole: true)),
        ("mmio.map_partial_bar", rig => MapBar(rig, whole: false)),
        ("mmio.map_bar_misaligned", rig => MapBar(rig, whole: true, by: s_page)),
        ("mappings.overlap_is_refused", Overlap),
        ("mappings.65535", Many),
        ("mappings.unmap_during_dma", UnmapDuringDma),
    ];

    static void MapUnmap(CaseRig rig, ulong bytes, ulong pageSize)
    {
        using var buffer = Allocate(rig, bytes, pageSize);
        var range = IovaRange.Of(buffer.Iova, bytes);
        Require(rig.Iommu.Mapped.Contains(range), $"{range} is not among the mappings");
        // The first of the types maps by any size it likes.
        if (rig.Iommu.Mode is not (IommuMode.VfioType1 or IommuMode.IommufdCompatType1) && rig.Device.TranslationSize(buffer.Iova) is { } used) Equal(bytes, used, "the page size that the IOMMU uses");
        Equal(bytes, rig.Iommu.Unmap(range), "bytes unmapped");
        Require(!rig.Iommu.Mapped.Contains(range), $"{range} is among the mappings after it was unmapped");
        Require(rig.Device.TranslationSize(buffer.Iova) is null or 0, $"the IOMMU translates {range} after it was unmapped");
    }

    static DmaBuffer Allocate(CaseRig rig, ulong bytes, ulong pageSize)
    {
        try
        {
            return rig.Iommu.Allocate(bytes, pageSize);
        }
        catch (VfioException none) when (pageSize > 0 && none.Message.Contains("huge pages", StringComparison.Ordinal))
        {
            throw new CaseSkippedException(none.Message);
        }
    }

    static ulong AtTheLimit(CaseRig rig, Func<Iommu, IovaRange, ulong> unmap)
    {
        var iova = rig.Iommu.AllowedRanges[^1].Last & ~(s_page - 1);
        using var buffer = rig.Iommu.Map(Iommu.NewMemory(s_page, 0), iova);
        return unmap(rig.Iommu, IovaRange.Of(iova, s_page));
    }

    static void PastTheLimit(CaseRig rig)
    {
        using var memory = Iommu.NewMemory(2 * s_page, 0);
        var last = ulong.MaxValue & ~(s_page - 1);
        Equal(Overflow, Refusal(() => rig.Iommu.MapUnchecked(memory, last, 2 * s_page)), "the errno of mapping past the end of the address space");
        Equal(Overflow, Refusal(() => rig.Iommu.UnmapUnchecked(last, 2 * s_page)), "the errno of unmapping past the end of the address space");
    }

    // The kernel's containers may map what a BAR shows; none of iommufd's kinds do.
    static void MapBar(CaseRig rig, bool whole, ulong by = 0)
    {
        var memory = Enumerable.Range(0, 6).Select(rig.Device.BarMemory).Where(bar => bar is { IsWritable: true }).MaxBy(bar => bar!.Length)
            ?? throw new CaseSkippedException("the device has no BAR that can be mapped");
        if (!whole && memory.Length < 2 * s_page) throw new CaseSkippedException($"the BAR has only 0x{memory.Length:x} bytes");
        var bytes = whole ? memory.Length : s_page;
        var iova = rig.Iommu.NewAddress(by == 0 ? bytes : 2 * Math.Max(bytes, by)) + by;
        var refused = Refusal(() => rig.Iommu.MapUnchecked(memory, iova, bytes));
        if (rig.Iommu.Mode is IommuMode.VfioType1 or IommuMode.VfioType1V2)
        {
            Equal(0, refused, "the errno of mapping a BAR");
            Equal(bytes, rig.Iommu.UnmapUnchecked(iova, bytes), "bytes unmapped");
        }
        else Require(refused != 0, "a BAR was mapped, which this mode should refuse");
    }

    static void Overlap(CaseRig rig)
    {
        using var buffer = rig.Iommu.Allocate(4 * s_page);
        using var memory = Iommu.NewMemory(s_page, 0);
        Equal(Errno.EEXIST, Refusal(() => rig.Iommu.MapUnchecked(memory, buffer.Iova + s_page, s_page)), "the errno of mapping what is mapped");
    }

    // One page, mapped as often as may be, and another at the end of them, to which the device copies what is in the first.
    static void Many(CaseRig rig)
    {
        using var page = Iommu.NewMemory(s_page, 0);
        using var last = Iommu.NewMemory(s_page, 0);
        var driver = CopyDrivers.Knows(rig.Device.VendorId, rig.Device.DeviceId) ? rig.Driver : null;
        var before = rig.Iommu.MappingsLeft;
        var count = (ulong)Math.Min(before ?? ManyMappings, ManyMappings);
        var first = rig.Iommu.NewAddress(BitOperations.RoundUpToPowerOf2(count + 1) * s_page);
        var end = first + (count - 1) * s_page;
        var started = Stopwatch.GetTimestamp();
        for (var at = first; at < end; at += s_page) rig.Iommu.Map(page, at);
        rig.Iommu.Map(last, end);
        var mapped = Stopwatch.GetElapsedTime(started);
        if (before <= ManyMappings) RequireFull(rig, page, end);
        if (driver is not null) RequireReach(driver, (page, first), (last, end));
        started = Stopwatch.GetTimestamp();
        for (var at = first; at <= end; at += s_page) Equal(s_page, rig.Iommu.Unmap(IovaRange.Of(at, s_page)), "bytes unmapped");
        rig.Note = string.Create(CultureInfo.InvariantCulture, $"{count} pages mapped one by one in {mapped.TotalSeconds:F1} s, unmapped in {Stopwatch.GetElapsedTime(started).TotalSeconds:F1} s{(before <= ManyMappings ? "; one more was refused" : "")}");
        Equal(before ?? 0, rig.Iommu.MappingsLeft ?? 0, "mappings left after all were unmapped");
    }

    static void RequireFull(CaseRig rig, SharedMapping page, ulong end)
    {
        Equal(0, rig.Iommu.MappingsLeft ?? -1, "mappings left when there are as many as there may be");
        Equal(Errno.ENOSPC, Refusal(() => rig.Iommu.Map(page, end + s_page)), "the errno of one mapping more than there may be");
        rig.Iommu.Unmap(IovaRange.Of(end - s_page, s_page));
        rig.Iommu.Map(page, end - s_page);
    }

    static void RequireReach(CopyDriver driver, (SharedMapping Memory, ulong Iova) from, (SharedMapping Memory, ulong Iova) to)
    {
        var (sent, received) = (new byte[DriverCases.Few(driver)], new byte[DriverCases.Few(driver)]);
        Fill(sent);
        from.Memory.Write(0, sent);
        Require(driver.Copy(from.Iova, to.Iova, (ulong)sent.Length), "a copy from the first of many mappings to the last failed");
        to.Memory.Read(0, received);
        Require(sent.AsSpan().SequenceEqual(received), "a copy from the first of many mappings to the last differs from what was copied");
    }

    static void UnmapDuringDma(CaseRig rig)
    {
        var driver = rig.Driver;
        using var memory = rig.Iommu.Allocate(Math.Max(2 * s_page, driver.MostBytes));
        var target = rig.Iommu.Allocate(Math.Max(s_page, driver.MostBytes));
        driver.Start(memory.Iova, target.Iova, driver.MostBytes, driver.MostCopies);
        target.Dispose();
        driver.Wait();
        driver.Msi.MustNotFire(TimeSpan.FromMilliseconds(10));
        Require(driver.Copy(memory.Iova, memory.Iova + s_page, DriverCases.Few(driver)), "the device copies nothing after it met memory that was unmapped");
    }

    static int Refusal(Action call)
    {
        try
        {
            call();
            return 0;
        }
        catch (VfioException refused) when (refused.Errno != 0)
        {
            return refused.Errno;
        }
    }
}
