using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Understudy.Linux;

namespace Understudy.Vfio;

/// <summary>A card that the kernel's VFIO gives to this process.</summary>
sealed class KernelDevice : IDeviceBacking
{
    readonly FileDescriptor _device;
    readonly Iommu _iommu;
    readonly Uapi.RegionInfo _config;
    readonly Uapi.RegionInfo[] _bars = new Uapi.RegionInfo[6];
    readonly SharedMapping?[] _mapped = new SharedMapping?[6];
    readonly int[] _irqs = new int[5];

    public KernelDevice(string address, Iommu iommu, Guid? vfToken = null)
    {
        (Name, _iommu) = (address, iommu);
        var path = RequireBound(address);
        _device = iommu is IommufdIommu iommufd ? OpenNode(path, iommufd, vfToken) : OpenInGroup(path, (ContainerIommu)iommu, vfToken);
        try
        {
            var info = new Uapi.DeviceInfo { Size = Uapi.SizeOf<Uapi.DeviceInfo>() };
            Call(Uapi.DeviceGetInfo, ref info, "VFIO_DEVICE_GET_INFO");
            CanReset = (info.Flags & Uapi.ResetSupported) != 0;
            _config = Region(Uapi.ConfigRegion);
            for (var bar = 0; bar < 6; bar++) _bars[bar] = Region((uint)bar);
            for (var bar = 0; bar < 6; bar++) _mapped[bar] = MapBar(_bars[bar]);
            for (var kind = 0; kind < Math.Min(_irqs.Length, info.Irqs); kind++) _irqs[kind] = Interrupts((uint)kind);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public string Name { get; }

    public bool CanReset { get; }

    public ulong BarBytes(int bar) => _bars[bar].Bytes;

    public SharedMapping? BarMemory(int bar) => _mapped[bar];

    public int Count(InterruptKind kind) => _irqs[(int)kind];

    public void ReadConfig(int offset, Span<byte> destination) => Whole(_device.ReadAt((long)_config.Offset + offset, destination), destination.Length, "config space", offset);

    public void WriteConfig(int offset, ReadOnlySpan<byte> source) => Whole(_device.WriteAt((long)_config.Offset + offset, source), source.Length, "config space", offset);

    public void ReadBar(int bar, ulong offset, Span<byte> destination)
    {
        if (_mapped[bar] is { } mapped) mapped.Read(offset, destination);
        else Whole(_device.ReadAt((long)(_bars[bar].Offset + offset), destination), destination.Length, $"BAR {bar}", (long)offset);
    }

    public void WriteBar(int bar, ulong offset, ReadOnlySpan<byte> source)
    {
        if (_mapped[bar] is { } mapped) mapped.Write(offset, source);
        else Whole(_device.WriteAt((long)(_bars[bar].Offset + offset), source), source.Length, $"BAR {bar}", (long)offset);
    }

    public void StoreBar(int bar, ulong offset, ReadOnlySpan<byte> source)
    {
        if (_mapped[bar] is { } mapped) mapped.Store64(offset, source);
        else WriteBar(bar, offset, source);
    }

    public void Enable(InterruptKind kind, int first, IReadOnlyList<EventFd> events)
        => SetIrqs(kind, Uapi.EventFdData | Uapi.ActionTrigger, first, events.Count, [.. events.Select(e => e.Number)]);

    public void Disable(InterruptKind kind) => SetIrqs(kind, Uapi.NoData | Uapi.ActionTrigger, 0, 0, []);

    public void Trigger(InterruptKind kind, int vector) => SetIrqs(kind, Uapi.NoData | Uapi.ActionTrigger, vector, 1, []);

    public void Mask(InterruptKind kind, bool masked) => SetIrqs(kind, Uapi.NoData | (masked ? Uapi.ActionMask : Uapi.ActionUnmask), 0, 1, []);

    public void Reset() => Try("cannot be reset", () => Ioctl.Value(_device, Uapi.DeviceReset, 0, "VFIO_DEVICE_RESET"));

    public FeatureAccess Probe(DeviceFeature feature) => KernelFeatures.Probe(_device, Name, feature);

    public ulong GetFeature(DeviceFeature feature) => KernelFeatures.Get(_device, Name, feature);

    public void SetFeature(DeviceFeature feature, ReadOnlySpan<byte> value) => KernelFeatures.Set(_device, Name, feature, value);

    public IReadOnlyList<string> HotResetGroup() => Understudy.Vfio.HotReset.Group(_device, Name);

    public void HotReset() => Understudy.Vfio.HotReset.Do(_device, Name, _iommu);

    public void Dispose()
    {
        foreach (var mapped in _mapped) mapped?.Dispose();
        _device.Dispose();
    }

    void SetIrqs(InterruptKind kind, uint flags, int first, int count, int[] descriptors)
    {
        var header = new Uapi.IrqSet { Size = Uapi.SizeOf<Uapi.IrqSet>() + (uint)descriptors.Length * 4, Flags = flags, Index = (uint)kind, Start = (uint)first, Count = (uint)count };
        var argument = new byte[header.Size];
        MemoryMarshal.Write(argument, header);
        for (var i = 0; i < descriptors.Length; i++) BinaryPrimitives.WriteInt32LittleEndian(argument.AsSpan((int)Uapi.SizeOf<Uapi.IrqSet>() + 4 * i), descriptors[i]);
        Try($"does not take its {kind} interrupts", () => Ioctl.Bytes(_device, Uapi.DeviceSetIrqs, argument, "VFIO_DEVICE_SET_IRQS"));
    }

    Uapi.RegionInfo Region(uint index)
    {
        var region = new Uapi.RegionInfo { Size = Uapi.SizeOf<Uapi.RegionInfo>(), Index = index };
        Call(Uapi.DeviceGetRegionInfo, ref region, "VFIO_DEVICE_GET_REGION_INFO");
        return region;
    }

    int Interrupts(uint index)
    {
        var info = new Uapi.IrqInfo { Size = Uapi.SizeOf<Uapi.IrqInfo>(), Index = index };
        try
        {
            Ioctl.Structure(_device, Uapi.DeviceGetIrqInfo, ref info, "VFIO_DEVICE_GET_IRQ_INFO");
            return (int)info.Count;
        }
        catch (LinuxException none) when (none.Errno == Errno.EINVAL)
        {
            return 0;        // the kernel's way to say that this device has no such kind: errors, on one that is not PCI Express
        }
    }

    SharedMapping? MapBar(in Uapi.RegionInfo region)
    {
        if (region.Bytes == 0 || (region.Flags & Uapi.RegionMappable) == 0) return null;
        try
        {
            return SharedMapping.Map(_device, region.Offset, region.Bytes, writable: true);
        }
        catch (LinuxException refused)
        {
            throw new VfioException($"{Name}: BAR {region.Index} cannot be mapped: {refused.Message}", refused);
        }
    }

    void Call<T>(uint request, ref T argument, string name) where T : unmanaged
    {
        try
        {
            Ioctl.Structure(_device, request, ref argument, name);
        }
        catch (LinuxException refused)
        {
            throw new VfioException($"{Name}: {refused.Message}", refused);
        }
    }

    void Try(string what, Func<int> call)
    {
        try
        {
            call();
        }
        catch (LinuxException refused)
        {
            throw new VfioException($"{Name} {what}: {refused.Message}", refused);
        }
    }

    void Whole(int moved, int wanted, string what, long offset)
    {
        if (moved != wanted) throw new VfioException($"{Name}: an access of {wanted} bytes at 0x{offset:x} of {what} moved {moved}");
    }

    internal static string RequireBound(string address, string root = "/sys/bus/pci")
    {
        var path = $"{root}/devices/{address}";
        if (!Directory.Exists(path)) throw new VfioException($"There is no PCI device {address}. 'understudy vfio list' shows what there is; addresses look like 0000:03:00.0.");
        var driver = PciFunction.Link($"{path}/driver");
        return driver == "vfio-pci" ? path : throw new VfioException($"{address} is bound to {driver ?? "no driver"}, not to vfio-pci: run 'understudy vfio bind {address}'");
    }

    static FileDescriptor OpenInGroup(string path, ContainerIommu container, Guid? vfToken)
    {
        var group = GroupOf(path);
        var file = container.Join(group);
        try
        {
            return Ioctl.Descriptor(file, Uapi.GroupGetDevice, $"{Path.GetFileName(path)}{(vfToken is { } token ? $" vf_token={token:D}" : "")}", "VFIO_GROUP_GET_DEVICE_FD");
        }
        catch (LinuxException refused)
        {
            throw new VfioException($"IOMMU group {group} does not give {Path.GetFileName(path)}: {refused.Message}{TokenAdvice(refused)}", refused);
        }
    }

    internal static string GroupOf(string path)
        => PciFunction.Link($"{path}/iommu_group")
            ?? throw new VfioException($"{Path.GetFileName(path)} is in no IOMMU group: the machine has no IOMMU, or the kernel does not use it (intel_iommu=on, amd_iommu=on)");

    static string TokenAdvice(LinuxException refused)
        => refused.Errno == Errno.EACCES ? ". A virtual function, and the physical one while one of them is open, wants the VF token that was set." : "";

    internal static FileDescriptor OpenNode(string path)
    {
        var nodes = $"{path}/vfio-dev";
        var node = Directory.Exists(nodes) ? Directory.EnumerateDirectories(nodes, "vfio*").Select(Path.GetFileName).FirstOrDefault() : null;
        if (node is null) throw new VfioException($"{Path.GetFileName(path)} has no device node of its own. {KernelFile.NoNode}");
        return KernelFile.Open($"/dev/vfio/devices/{node}", KernelFile.NoNode);
    }

    static FileDescriptor OpenNode(string path, IommufdIommu iommufd, Guid? vfToken)
    {
        var file = OpenNode(path);
        var token = GCHandle.Alloc(vfToken?.ToByteArray(bigEndian: true), GCHandleType.Pinned);
        try
        {
            var bind = new Uapi.Bind { Size = Uapi.SizeOf<Uapi.Bind>(), Flags = vfToken is null ? 0 : Uapi.BindToken, Iommufd = iommufd.File.Number, Token = (ulong)token.AddrOfPinnedObject() };
            Ioctl.Structure(file, Uapi.BindIommufd, ref bind, "VFIO_DEVICE_BIND_IOMMUFD");
            var attach = new Uapi.Attach { Size = Uapi.SizeOf<Uapi.Attach>(), PageTable = iommufd.PageTableFor(bind.DeviceId) };
            Ioctl.Structure(file, Uapi.AttachPageTable, ref attach, "VFIO_DEVICE_ATTACH_IOMMUFD_PT");
            return file;
        }
        catch (LinuxException refused)
        {
            file.Dispose();
            throw new VfioException($"{Path.GetFileName(path)} cannot be attached to the iommufd: {refused.Message}{TokenAdvice(refused)}", refused);
        }
        finally
        {
            token.Free();
        }
    }
}
