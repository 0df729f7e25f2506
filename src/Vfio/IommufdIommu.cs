using System.Runtime.InteropServices;
using Understudy.Linux;

namespace Understudy.Vfio;

/// <summary>One IOAS of an iommufd of our own.</summary>
sealed class IommufdIommu : Iommu
{
    const int MessageTooLong = 90;       // EMSGSIZE: there are more ranges than there was room for

    public IommufdIommu() : base(IommuMode.Iommufd)
    {
        File = KernelFile.Open("/dev/iommu", KernelFile.NoIommufd);
        try
        {
            var allocate = new Uapi.AllocateIoas { Size = Uapi.SizeOf<Uapi.AllocateIoas>() };
            Ioctl.Structure(File, Uapi.IoasAlloc, ref allocate, "IOMMU_IOAS_ALLOC");
            Ioas = allocate.Id;
        }
        catch (LinuxException refused)
        {
            File.Dispose();
            throw Refused(refused, "/dev/iommu gives no address space");
        }
    }

    public FileDescriptor File { get; }

    public uint Ioas { get; }

    public override IReadOnlyList<IovaRange> AllowedRanges
    {
        get
        {
            var count = 0u;
            for (var ranges = new IovaRange[16]; ; ranges = new IovaRange[count])
            {
                if (TryGetRanges(ranges, out count)) return [.. ranges.AsSpan(0, (int)count).ToArray().OrderBy(range => range.First)];
            }
        }
    }

    public override void Dispose()
    {
        File.Dispose();
        base.Dispose();
    }

    private protected override bool IsClosed => File.IsClosed;

    private protected override void MapRange(SharedMapping memory, IovaRange range)
    {
        var map = new Uapi.MapIoas
        {
            Size = Uapi.SizeOf<Uapi.MapIoas>(), Flags = Uapi.IoasFixedIova | Uapi.IoasReadable | Uapi.IoasWriteable, Id = Ioas,
            Address = memory.Address, Bytes = memory.Length, Iova = range.First,
        };
        try
        {
            Ioctl.Structure(File, Uapi.IoasMap, ref map, "IOMMU_IOAS_MAP");
        }
        catch (LinuxException refused)
        {
            throw Refused(refused, $"Device addresses {range} cannot be mapped");
        }
    }

    private protected override ulong UnmapRange(IovaRange range) => Unmap(range.First, range.Last - range.First + 1, $"Device addresses {range}");

    private protected override ulong UnmapEverything() => Unmap(0, ulong.MaxValue, "All device addresses");

    ulong Unmap(ulong iova, ulong bytes, string what)
    {
        var unmap = new Uapi.UnmapIoas { Size = Uapi.SizeOf<Uapi.UnmapIoas>(), Id = Ioas, Iova = iova, Bytes = bytes };
        try
        {
            Ioctl.Structure(File, Uapi.IoasUnmap, ref unmap, "IOMMU_IOAS_UNMAP");
            return unmap.Bytes;
        }
        catch (LinuxException refused)
        {
            throw Refused(refused, $"{what} cannot be unmapped");
        }
    }

    bool TryGetRanges(IovaRange[] ranges, out uint count)
    {
        var pinned = GCHandle.Alloc(ranges, GCHandleType.Pinned);
        var ask = new Uapi.IovaRanges { Size = Uapi.SizeOf<Uapi.IovaRanges>(), Id = Ioas, Count = (uint)ranges.Length, Ranges = (ulong)pinned.AddrOfPinnedObject() };
        try
        {
            Ioctl.Structure(File, Uapi.IoasIovaRanges, ref ask, "IOMMU_IOAS_IOVA_RANGES");
            return true;
        }
        catch (LinuxException refused) when (refused.Errno == MessageTooLong && ask.Count > ranges.Length)
        {
            return false;
        }
        catch (LinuxException refused)
        {
            throw Refused(refused, "The IOMMU does not say which device addresses it allows");
        }
        finally
        {
            count = ask.Count;
            pinned.Free();
        }
    }
}
