using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using Understudy.Linux;

namespace Understudy.Vfio;

/// <summary>The reset of a card's slot or bus, and of all that is on it (VFIO_DEVICE_GET_PCI_HOT_RESET_INFO, VFIO_DEVICE_PCI_HOT_RESET).</summary>
static class HotReset
{
    const int Header = 12, Entry = 8;

    public static IReadOnlyList<string> Group(FileDescriptor device, string name) => [.. Affected(device, name).Devices.Select(Address)];

    // Devices of an iommufd are known to be ours; those of a container are shown to be by their groups.
    public static void Do(FileDescriptor device, string name, Iommu iommu)
    {
        var (flags, devices) = Affected(device, name);
        var groups = (flags & Uapi.HotResetByDevice) != 0 ? [] : Groups(name, devices, (ContainerIommu)iommu);
        if ((flags & Uapi.HotResetByDevice) != 0 && (flags & Uapi.HotResetAllOwned) == 0)
            throw new VfioException($"A hot reset of {name} resets {string.Join(", ", devices.Select(Address))} as well, and not all of them are open on this iommufd");
        var argument = new byte[Header + 4 * groups.Count];
        BinaryPrimitives.WriteInt32LittleEndian(argument, argument.Length);
        BinaryPrimitives.WriteInt32LittleEndian(argument.AsSpan(8), groups.Count);
        for (var i = 0; i < groups.Count; i++) BinaryPrimitives.WriteInt32LittleEndian(argument.AsSpan(Header + 4 * i), groups[i].Number);
        try
        {
            Ioctl.Bytes(device, Uapi.HotReset, argument, "VFIO_DEVICE_PCI_HOT_RESET");
        }
        catch (LinuxException refused)
        {
            throw new VfioException($"{name} takes no hot reset: {refused.Message}", refused);
        }
    }

    static List<FileDescriptor> Groups(string name, IReadOnlyList<Uapi.AffectedDevice> devices, ContainerIommu container)
        => [.. devices.DistinctBy(one => one.GroupOrDevice).Select(one => container.Groups.GetValueOrDefault(one.GroupOrDevice.ToString(CultureInfo.InvariantCulture))
            ?? throw new VfioException($"A hot reset of {name} resets {Address(one)} as well, of IOMMU group {one.GroupOrDevice}: open that on the same container first"))];

    // The kernel says how many there are when there was no room for them.
    static (uint Flags, IReadOnlyList<Uapi.AffectedDevice> Devices) Affected(FileDescriptor device, string name)
    {
        for (var room = 8; ; )
        {
            var argument = new byte[Header + Entry * room];
            BinaryPrimitives.WriteInt32LittleEndian(argument, argument.Length);
            try
            {
                Ioctl.Bytes(device, Uapi.GetHotResetInfo, argument, "VFIO_DEVICE_GET_PCI_HOT_RESET_INFO");
            }
            catch (LinuxException none) when (none.Errno == Errno.ENODEV)
            {
                return (0, []);
            }
            catch (LinuxException full) when (full.Errno == Errno.ENOSPC && BinaryPrimitives.ReadInt32LittleEndian(argument.AsSpan(8)) > room)
            {
                room = BinaryPrimitives.ReadInt32LittleEndian(argument.AsSpan(8));
                continue;
            }
            catch (LinuxException refused)
            {
                throw new VfioException($"{name} does not say what a hot reset resets: {refused.Message}", refused);
            }
            var count = Math.Min(room, BinaryPrimitives.ReadInt32LittleEndian(argument.AsSpan(8)));
            return (BinaryPrimitives.ReadUInt32LittleEndian(argument.AsSpan(4)), MemoryMarshal.Cast<byte, Uapi.AffectedDevice>(argument.AsSpan(Header, Entry * count)).ToArray());
        }
    }

    internal static string Address(Uapi.AffectedDevice one) => $"{one.Segment:x4}:{one.Bus:x2}:{one.DeviceFunction >> 3:x2}.{one.DeviceFunction & 7}";
}
