using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Understudy.Linux;

namespace Understudy.Vfio;

/// <summary>A VFIO container: <c>/dev/vfio/vfio</c>, or <c>/dev/iommu</c> behaving as one. What it can do is known once a group is in it and
/// its type is set, so that comes with the first device.</summary>
class ContainerIommu : Iommu
{
    readonly FileDescriptor _container;
    readonly Dictionary<string, FileDescriptor> _groups = [];
    bool _typeSet;

    public ContainerIommu(IommuMode mode) : base(mode)
    {
        var path = mode is IommuMode.VfioType1 or IommuMode.VfioType1V2 or IommuMode.NoIommu ? "/dev/vfio/vfio" : "/dev/iommu";
        _container = KernelFile.Open(path, path == "/dev/iommu" ? KernelFile.NoIommufd : KernelFile.NoVfio);
        try
        {
            var version = Ioctl.Value(_container, Uapi.GetApiVersion, 0, "VFIO_GET_API_VERSION");
            if (version != 0) throw new VfioException($"{path} speaks version {version} of the VFIO interface; version 0 is known here");
        }
        catch
        {
            _container.Dispose();
            throw;
        }
    }

    int Type => Mode switch { IommuMode.VfioType1 or IommuMode.IommufdCompatType1 => 1, IommuMode.NoIommu => 8, _ => 3 };

    public override IReadOnlyList<IovaRange> AllowedRanges
    {
        get
        {
            if (!_typeSet) throw new VfioException("A container knows its device addresses once a device has been opened on it");
            var ranges = new List<IovaRange>();
            var info = WholeInfo();
            if (CapabilityAt(info, Uapi.RangeCapability) is > 0 and var at)
            {
                var capability = info.AsSpan(at);
                ranges.AddRange(MemoryMarshal.Cast<byte, IovaRange>(capability[16..])[..Math.Min(BinaryPrimitives.ReadInt32LittleEndian(capability[8..]), (capability.Length - 16) / 16)]);
            }
            ranges.Sort((a, b) => a.First.CompareTo(b.First));
            return ranges;
        }
    }

    /// <inheritdoc/>
    public override long? MappingsLeft
    {
        get
        {
            if (!_typeSet) return null;
            var info = WholeInfo();
            var left = CapabilityAt(info, Uapi.AvailableCapability) is > 0 and var at ? BinaryPrimitives.ReadUInt32LittleEndian(info.AsSpan(at + 8)) : uint.MaxValue;
            return left == uint.MaxValue ? null : left;        // what an iommufd says, in a container's place
        }
    }

    /// <summary>The group's descriptor, with the group in this container and the container's type set.</summary>
    public FileDescriptor Join(string group)
    {
        if (_groups.TryGetValue(group, out var joined)) return joined;
        var file = Mode == IommuMode.NoIommu ? KernelFile.Open($"/dev/vfio/noiommu-{group}", KernelFile.NoUnsafe) : KernelFile.Open($"/dev/vfio/{group}", KernelFile.NoGroup);
        try
        {
            RequireViable(file, group);
            var container = _container.Number;
            Try($"IOMMU group {group} cannot be used in this container", () => Ioctl.Structure(file, Uapi.GroupSetContainer, ref container, "VFIO_GROUP_SET_CONTAINER"));
            if (!_typeSet) SetType();
        }
        catch
        {
            file.Dispose();
            throw;
        }
        return _groups[group] = file;
    }

    /// <summary>The groups that are in this container.</summary>
    public IReadOnlyDictionary<string, FileDescriptor> Groups => _groups;

    internal override void SetDirtyTracking(bool on)
    {
        if (Mode != IommuMode.VfioType1V2) throw new VfioException($"{IommuModes.Name(Mode)} does not track which pages are written; {IommuModes.Name(IommuMode.VfioType1V2)} does, and an iommufd whose IOMMU can");
        var argument = new byte[8];
        Write(argument, on ? Uapi.DirtyStart : Uapi.DirtyStop);
        Try($"Dirty tracking cannot be {(on ? "started" : "stopped")}", () => Ioctl.Bytes(_container, Uapi.IommuDirtyPages, argument, "VFIO_IOMMU_DIRTY_PAGES"));
    }

    internal override void TakeDirty(IovaRange range, ulong page, ulong[] bitmap, ulong address)
    {
        var argument = new byte[8 + Uapi.SizeOf<Uapi.DirtyBitmap>()];
        Write(argument, Uapi.DirtyGet);
        var get = new Uapi.DirtyBitmap { Iova = range.First, Bytes = range.Last - range.First + 1, Page = page, BitmapBytes = (ulong)bitmap.Length * 8, Bitmap = address };
        MemoryMarshal.Write(argument.AsSpan(8), get);
        Try($"The kernel does not say which pages of {range} were written", () => Ioctl.Bytes(_container, Uapi.IommuDirtyPages, argument, "VFIO_IOMMU_DIRTY_PAGES"));
    }

    static void Write(byte[] argument, uint flags)
    {
        BinaryPrimitives.WriteInt32LittleEndian(argument, argument.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(argument.AsSpan(4), flags);
    }

    public override void Dispose()
    {
        foreach (var group in _groups.Values) group.Dispose();
        _container.Dispose();
        base.Dispose();
    }

    private protected override bool IsClosed => _container.IsClosed;

    private protected override void MapRange(SharedMapping memory, ulong iova, ulong bytes)
    {
        var map = new Uapi.MapDma { Size = Uapi.SizeOf<Uapi.MapDma>(), Flags = Uapi.MapRead | Uapi.MapWrite, Address = memory.Address, Iova = iova, Bytes = bytes };
        try
        {
            Ioctl.Structure(_container, Uapi.IommuMapDma, ref map, "VFIO_IOMMU_MAP_DMA");
        }
        catch (LinuxException refused)
        {
            throw Refused(refused, $"0x{bytes:x} bytes at device address 0x{iova:x} cannot be mapped", refused.Errno == Errno.ENOSPC ? Full() : null);
        }
    }

    internal static string Full(string parameter = "/sys/module/vfio_iommu_type1/parameters/dma_entry_limit")
        => $" The container has as many mappings as it may have{(File.Exists(parameter) ? $", {File.ReadAllText(parameter).Trim()}" : "")}: unmap some, map larger pieces, use {IommuModes.Name(IommuMode.Iommufd)}, or allow more before the container is opened: write the number to {parameter}, or vfio_iommu_type1.dma_entry_limit= to the kernel's command line.";

    private protected override ulong UnmapRange(ulong iova, ulong bytes) => Unmap(new() { Size = Uapi.SizeOf<Uapi.UnmapDma>(), Iova = iova, Bytes = bytes });

    private protected override ulong UnmapEverything() => Unmap(new() { Size = Uapi.SizeOf<Uapi.UnmapDma>(), Flags = Uapi.UnmapAll });

    ulong Unmap(Uapi.UnmapDma unmap)
    {
        var (iova, bytes) = (unmap.Iova, unmap.Bytes);
        try
        {
            Ioctl.Structure(_container, Uapi.IommuUnmapDma, ref unmap, "VFIO_IOMMU_UNMAP_DMA");
            return unmap.Bytes;
        }
        catch (LinuxException refused)
        {
            throw Refused(refused, $"{(bytes == 0 ? "All device addresses" : $"0x{bytes:x} bytes at device address 0x{iova:x}")} cannot be unmapped");
        }
    }

    void SetType()
    {
        if (Ioctl.Value(_container, Uapi.CheckExtension, Type, "VFIO_CHECK_EXTENSION") == 0)
            throw new VfioException($"This kernel has no {IommuModes.Name(Mode)}: {(Mode == IommuMode.NoIommu ? KernelFile.NoUnsafe : "load vfio_iommu_type1, or choose another mode")}");
        Try($"{IommuModes.Name(Mode)} cannot be used", () => Ioctl.Value(_container, Uapi.SetIommu, Type, "VFIO_SET_IOMMU"));
        _typeSet = true;
    }

    static void RequireViable(FileDescriptor file, string group)
    {
        var status = new Uapi.GroupStatus { Size = Uapi.SizeOf<Uapi.GroupStatus>() };
        Ioctl.Structure(file, Uapi.GroupGetStatus, ref status, "VFIO_GROUP_GET_STATUS");
        if ((status.Flags & Uapi.GroupViable) == 0)
            throw new VfioException($"IOMMU group {group} is not viable: every device in /sys/kernel/iommu_groups/{group}/devices must be bound to vfio-pci, or to no driver");
    }

    void GetInfo(byte[] info)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(info, (uint)info.Length);
        Try("The IOMMU does not say what it can do", () => Ioctl.Bytes(_container, Uapi.IommuGetInfo, info, "VFIO_IOMMU_GET_INFO"));
    }

    byte[] WholeInfo()
    {
        var info = new byte[Uapi.SizeOf<Uapi.Type1Info>()];
        GetInfo(info);
        info = new byte[BinaryPrimitives.ReadUInt32LittleEndian(info)];
        GetInfo(info);
        return info;
    }

    // A chain of capabilities, each with its id and the offset of the next, 0 for none. Its offsets only ever grow here, so it ends.
    static int CapabilityAt(byte[] info, int id)
    {
        var at = MemoryMarshal.Read<Uapi.Type1Info>(info).CapabilityOffset;
        while (at >= Uapi.SizeOf<Uapi.Type1Info>() && at <= (uint)info.Length - 16)
        {
            if (BinaryPrimitives.ReadUInt16LittleEndian(info.AsSpan((int)at)) == id) return (int)at;
            var next = BinaryPrimitives.ReadUInt32LittleEndian(info.AsSpan((int)at + 4));
            if (next <= at) break;
            at = next;
        }
        return 0;
    }
}
