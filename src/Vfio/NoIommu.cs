using System.Buffers.Binary;
using System.Numerics;
using Understudy.Linux;

namespace Understudy.Vfio;

/// <summary>A container without an IOMMU (CONFIG_VFIO_NOIOMMU): devices use the machine's own addresses and reach all of its memory, so
/// nothing is mapped. A buffer is one huge page, which lies together and stays where it is.</summary>
sealed class NoIommu() : ContainerIommu(IommuMode.NoIommu)
{
    const ulong SmallHugePage = 2 << 20, LargeHugePage = 1 << 30;

    public override IReadOnlyList<IovaRange> AllowedRanges => [new(0, ulong.MaxValue)];

    private protected override DmaBuffer NewBuffer(ulong bytes, ulong pageSize)
    {
        var page = bytes <= SmallHugePage && pageSize <= SmallHugePage ? SmallHugePage : LargeHugePage;
        if (bytes > page) throw new VfioException($"Without an IOMMU a DMA buffer is one huge page, so that it lies together: 0x{bytes:x} bytes are more than any has");
        var memory = NewMemory(page, page);
        try
        {
            memory.Write(0, [0]);          // until it is touched there is no page
            return Adopt(memory, PhysicalAddress(memory));
        }
        catch
        {
            memory.Dispose();
            throw;
        }
    }

    private protected override void MapRange(SharedMapping memory, ulong iova, ulong bytes)
        => throw new VfioException($"0x{bytes:x} bytes cannot be mapped at device address 0x{iova:x}: there is no IOMMU. Iommu.Allocate gives memory at the address that it has.");

    private protected override ulong UnmapRange(ulong iova, ulong bytes) => bytes;

    private protected override ulong UnmapEverything() => Mapped.Aggregate(0UL, (sum, range) => sum + (range.Last - range.First) + 1);

    // Documentation/admin-guide/mm/pagemap.rst: 8 bytes for each page, the frame in the lowest 55 bits, and bit 63 where there is one.
    static ulong PhysicalAddress(SharedMapping memory)
    {
        const ulong present = 1UL << 63, frame = (1UL << 55) - 1;
        var page = (ulong)Environment.SystemPageSize;
        Span<byte> entry = stackalloc byte[8];
        using (var map = File.OpenHandle("/proc/self/pagemap")) RandomAccess.Read(map, entry, (long)(memory.Address / page * 8));
        var value = BinaryPrimitives.ReadUInt64LittleEndian(entry);
        if ((value & present) == 0 || (value & frame) == 0) throw new VfioException("The kernel does not say where the memory of a DMA buffer lies (/proc/self/pagemap): run as root; the kernel needs CONFIG_PROC_PAGE_MONITOR.");
        return (value & frame) << BitOperations.TrailingZeroCount(page);
    }
}
