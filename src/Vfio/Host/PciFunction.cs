using System.Globalization;

namespace Understudy.Vfio;

/// <summary>A PCI function of this machine, as sysfs shows it (Documentation/ABI/testing/sysfs-bus-pci), and who drives it.</summary>
public sealed class PciFunction
{
    const string VfioPci = "vfio-pci";
    readonly string _path;

    PciFunction(string path) => (_path, Address) = (path, Path.GetFileName(path));

    /// <summary>As in <c>0000:6a:01.0</c>.</summary>
    public string Address { get; }

    /// <summary>Vendor ID.</summary>
    public ushort VendorId => Hex("vendor");

    /// <summary>Device ID.</summary>
    public ushort DeviceId => Hex("device");

    /// <summary>The driver it is bound to, or null.</summary>
    public string? Driver => Link($"{_path}/driver");

    /// <summary>Its IOMMU group, or null where the machine uses no IOMMU.</summary>
    public string? IommuGroup => Link($"{_path}/iommu_group");

    /// <summary>It is bound to vfio-pci.</summary>
    public bool IsBoundToVfio => Driver == VfioPci;

    /// <summary>How many virtual functions it may have, 0 for most.</summary>
    public int MostVirtualFunctions => File.Exists($"{_path}/sriov_totalvfs") ? int.Parse(File.ReadAllText($"{_path}/sriov_totalvfs"), CultureInfo.InvariantCulture) : 0;

    /// <summary>The virtual functions it has now.</summary>
    public IReadOnlyList<PciFunction> VirtualFunctions
        => [.. Directory.EnumerateFileSystemEntries(_path, "virtfn*").Order(StringComparer.Ordinal).Select(link => new PciFunction($"{Path.GetDirectoryName(_path)}/{Path.GetFileName(new DirectoryInfo(link).ResolveLinkTarget(returnFinalTarget: false)!.FullName)}"))];

    /// <summary>Gives it so many virtual functions, or with 0 takes them away. Bound to vfio-pci, that needs its parameter <c>enable_sriov=1</c>,
    /// and they are bound to it as well.</summary>
    /// <exception cref="VfioException">It has some already, cannot have so many, or this process may not do that.</exception>
    public void SetVirtualFunctions(int count) => Write("sriov_numvfs", count.ToString(CultureInfo.InvariantCulture));

    /// <summary>All functions of this machine, in order of address.</summary>
    public static IReadOnlyList<PciFunction> All(string root = "/sys/bus/pci")
        => Directory.Exists($"{root}/devices") ? [.. Directory.EnumerateFileSystemEntries($"{root}/devices").Order(StringComparer.Ordinal).Select(path => new PciFunction(path))] : [];

    /// <summary>The function at an address.</summary>
    /// <exception cref="VfioException">There is none.</exception>
    public static PciFunction Find(string address, string root = "/sys/bus/pci")
        => All(root).FirstOrDefault(function => function.Address == address)
            ?? throw new VfioException($"There is no PCI device {address}. 'understudy vfio list' shows what there is; addresses look like 0000:03:00.0.");

    /// <summary>Takes it from its driver and gives it to vfio-pci.</summary>
    /// <returns>The driver it was bound to, or null.</returns>
    /// <exception cref="VfioException">vfio-pci is not loaded or does not take it, or this process may not do that.</exception>
    public string? Bind()
    {
        var before = Driver;
        if (before == VfioPci) return before;
        if (!Directory.Exists(Path.Combine(_path, "../../drivers", VfioPci)) && !Directory.Exists($"/sys/bus/pci/drivers/{VfioPci}"))
            throw new VfioException("vfio-pci is not loaded: modprobe vfio-pci");
        Write("driver_override", VfioPci);
        if (before is not null) Write("driver/unbind", Address);
        Probe();
        if (!IsBoundToVfio)
            throw new VfioException($"vfio-pci did not take {Address}, which is bound to {Driver ?? "no driver"} now: the kernel log says why ({(IommuGroup is null ? "it is in no IOMMU group: is the IOMMU on?" : "is it on vfio-pci's denylist?")})");
        return before;
    }

    /// <summary>Takes it from vfio-pci and lets the kernel find its own driver.</summary>
    /// <returns>The driver that took it, or null.</returns>
    /// <exception cref="VfioException">It is bound to another driver, or this process may not do that.</exception>
    public string? Unbind()
    {
        if (Driver is { } driver && driver != VfioPci) throw new VfioException($"{Address} is bound to {driver}, not to vfio-pci; nothing is done");
        Write("driver_override", "\n");
        if (Driver is not null) Write("driver/unbind", Address);
        Probe();
        return Driver;
    }

    void Probe() => WriteTo($"{Path.GetDirectoryName(Path.GetDirectoryName(_path))}/drivers_probe", Address);

    void Write(string attribute, string value) => WriteTo($"{_path}/{attribute}", value);

    void WriteTo(string path, string value)
    {
        try
        {
            File.WriteAllText(path, value);
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw new VfioException($"{Address}: {path} does not take '{value.Trim()}': {refused.Message}. This needs root.");
        }
    }

    /// <summary>The name of what a link leads to; null where there is none.</summary>
    internal static string? Link(string path) => Directory.Exists(path) ? new DirectoryInfo(path).ResolveLinkTarget(returnFinalTarget: false)?.Name : null;

    ushort Hex(string name) => ushort.Parse(File.ReadAllText($"{_path}/{name}").AsSpan().Trim()[2..], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}
