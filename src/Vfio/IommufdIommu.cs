using System.Runtime.InteropServices;
using Understudy.Linux;

namespace Understudy.Vfio;

/// <summary>One IOAS of an iommufd of our own.</summary>
sealed class IommufdIommu : Iommu
{
    readonly List<uint> _tracking = [];
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

    /// <summary>What a device that is bound to this iommufd is to be attached to: where its IOMMU can note which pages are written, a page
    /// table that does, else the address space, for which the kernel makes one.</summary>
    public uint PageTableFor(uint device)
    {
        var info = new Uapi.HardwareInfo { Size = Uapi.SizeOf<Uapi.HardwareInfo>(), DeviceId = device };
        try
        {
            Ioctl.Structure(File, Uapi.GetHardwareInfo, ref info, "IOMMU_GET_HW_INFO");
        }
        catch (LinuxException none) when (none.Errno is Errno.ENOTSUP or Errno.ENOTTY)
        {
            return Ioas;        // kernels before 6.6, and IOMMUs that say nothing of themselves
        }
        if ((info.Capabilities & Uapi.HardwareTracksDirty) == 0) return Ioas;
        var table = new Uapi.AllocatePageTable { Size = Uapi.SizeOf<Uapi.AllocatePageTable>(), Flags = Uapi.PageTableTracksDirty, DeviceId = device, Parent = Ioas };
        Ioctl.Structure(File, Uapi.PageTableAllocate, ref table, "IOMMU_HWPT_ALLOC");
        _tracking.Add(table.Id);
        return table.Id;
    }

    internal override void SetDirtyTracking(bool on)
    {
        if (_tracking.Count == 0) throw new VfioException("No device here is behind an IOMMU that notes which pages are written (IOMMU_HW_CAP_DIRTY_TRACKING): VT-d with second-stage access and dirty bits (SSADS), AMD-Vi with host dirty support (HDSup)");
        foreach (var table in _tracking)
        {
            var track = new Uapi.TrackDirty { Size = Uapi.SizeOf<Uapi.TrackDirty>(), Flags = on ? Uapi.SetDirtyTrackingOn : 0, PageTable = table };
            Try($"Dirty tracking cannot be {(on ? "started" : "stopped")}", () => Ioctl.Structure(File, Uapi.SetDirtyTracking, ref track, "IOMMU_HWPT_SET_DIRTY_TRACKING"));
        }
    }

    // Each table adds the bits of what its devices wrote.
    internal override void TakeDirty(IovaRange range, ulong page, ulong[] bitmap, ulong address)
    {
        foreach (var table in _tracking)
        {
            var get = new Uapi.PageTableDirty { Size = Uapi.SizeOf<Uapi.PageTableDirty>(), PageTable = table, Iova = range.First, Bytes = range.Last - range.First + 1, Page = page, Bitmap = address };
            Try($"The kernel does not say which pages of {range} were written", () => Ioctl.Structure(File, Uapi.GetDirtyBitmap, ref get, "IOMMU_HWPT_GET_DIRTY_BITMAP"));
        }
    }

    public override void Dispose()
    {
        File.Dispose();
        base.Dispose();
    }

    private protected override bool IsClosed => File.IsClosed;

    private protected override void MapRange(SharedMapping memory, ulong iova, ulong bytes)
    {
        var map = new Uapi.MapIoas
        {
            Size = Uapi.SizeOf<Uapi.MapIoas>(), Flags = Uapi.IoasFixedIova | Uapi.IoasReadable | Uapi.IoasWriteable, Id = Ioas,
            Address = memory.Address, Bytes = bytes, Iova = iova,
        };
        try
        {
            Ioctl.Structure(File, Uapi.IoasMap, ref map, "IOMMU_IOAS_MAP");
        }
        catch (LinuxException refused)
        {
            throw Refused(refused, $"0x{bytes:x} bytes at device address 0x{iova:x} cannot be mapped");
        }
    }

    private protected override ulong UnmapRange(ulong iova, ulong bytes) => Unmap(iova, bytes);

    private protected override ulong UnmapEverything() => Unmap(0, ulong.MaxValue);

    ulong Unmap(ulong iova, ulong bytes)
    {
        var unmap = new Uapi.UnmapIoas { Size = Uapi.SizeOf<Uapi.UnmapIoas>(), Id = Ioas, Iova = iova, Bytes = bytes };
        try
        {
            Ioctl.Structure(File, Uapi.IoasUnmap, ref unmap, "IOMMU_IOAS_UNMAP");
            return unmap.Bytes;
        }
        catch (LinuxException refused)
        {
            throw Refused(refused, $"{(bytes == ulong.MaxValue ? "All device addresses" : $"0x{bytes:x} bytes at device address 0x{iova:x}")} cannot be unmapped");
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
