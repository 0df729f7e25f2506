using System.Diagnostics;
using Understudy.Linux;

namespace Understudy.Vfio.Cases;

/// <summary>How long mappings take.</summary>
public static class MappingTimes
{
    /// <summary>Maps memory and unmaps it, over and over, at the device address that equals its size.</summary>
    /// <param name="iommu">Has a device.</param>
    /// <param name="bytes">A page, or as many bytes as a huge page has: then it is one.</param>
    /// <param name="count">How often; a tenth of it is done before, and does not count.</param>
    /// <returns>Nanoseconds of a map with the unmap that follows, median.</returns>
    /// <exception cref="CaseSkippedException">There are no huge pages of that size.</exception>
    /// <exception cref="VfioException">The kernel refuses.</exception>
    public static double Measure(Iommu iommu, ulong bytes, int count)
    {
        ArgumentNullException.ThrowIfNull(iommu);
        using var memory = Memory(bytes);
        memory.Write(0, [1]);
        var range = IovaRange.Of(bytes, bytes);
        var samples = new long[count];
        for (var i = -count / 10; i < count; i++)
        {
            var start = Stopwatch.GetTimestamp();
            iommu.Map(memory, bytes);
            iommu.Unmap(range);
            if (i >= 0) samples[i] = Stopwatch.GetTimestamp() - start;
        }
        Array.Sort(samples);
        return samples[count / 2] * 1e9 / Stopwatch.Frequency;
    }

    static SharedMapping Memory(ulong bytes)
    {
        var page = (ulong)Environment.SystemPageSize;
        try
        {
            return Iommu.NewMemory(bytes, bytes == page ? 0 : bytes);
        }
        catch (VfioException none) when (bytes != page)
        {
            throw new CaseSkippedException(none.Message);
        }
    }
}
