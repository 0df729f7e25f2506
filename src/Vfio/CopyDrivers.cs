using System.Diagnostics.CodeAnalysis;

namespace Understudy.Vfio;

/// <summary>The drivers that come with the library: a plain list, to which a program adds its own.</summary>
public static class CopyDrivers
{
    static readonly Lock s_adding = new();
    static volatile (ushort Vendor, ushort Device, Func<VfioDevice, CopyDriver> Create)[] s_all =
    [
        (0x8086, 0x2021, device => new IoatDriver(device)),
        (0x8086, 0x0B25, device => new DsaDriver(device)),
        (0x8086, 0x11FB, device => new DsaDriver(device)),
        (0x8086, 0x1212, device => new DsaDriver(device)),
        (0x8086, 0x10C9, device => new IgbDriver(device)),
        (0x1E0F, 0x0007, device => new NvmeDriver(device)),      // the model; disks of other makers are for a program to add that knows what is on them
        (0x1B36, 0x0010, device => new NvmeDriver(device)),      // QEMU's
        (0x1A4A, 0x2030, device => new DatadevDriver(device)),
    ];

    /// <summary>Adds a driver for a device.</summary>
    /// <exception cref="ArgumentException">There is one already.</exception>
    public static void Add(ushort vendor, ushort deviceId, Func<VfioDevice, CopyDriver> create)
    {
        lock (s_adding)
        {
            if (Knows(vendor, deviceId)) throw new ArgumentException($"There is a driver for {vendor:x4}:{deviceId:x4} already", nameof(deviceId));
            s_all = [.. s_all, (vendor, deviceId, create)];
        }
    }

    /// <summary>Adds the drivers of an assembly: its public classes that are a <see cref="CopyDriver"/>, say what they drive by
    /// <see cref="DrivesAttribute"/>, and have a public constructor that takes a <see cref="VfioDevice"/>. All of them, or on an error none. Loads
    /// the assembly for good, and what it needs from beside it.</summary>
    /// <exception cref="VfioException">There is no such file, it is no assembly or one without a driver, it was built against another version of this
    /// library, or there are two drivers for a device.</exception>
    [RequiresUnreferencedCode("Loads an assembly, which may need what was trimmed away.")]
    public static void AddFrom(string path)
    {
        var drivers = DriverAssembly.Read(path);
        foreach (var twice in drivers.GroupBy(driver => (driver.Drives.Vendor, driver.Drives.Device)).Where(same => same.Count() > 1 || Knows(same.Key.Vendor, same.Key.Device)))
            throw new VfioException($"{path} has a driver for {twice.Key.Vendor:x4}:{twice.Key.Device:x4}, for which there is {(twice.Count() > 1 ? "another in it" : "one already")}");
        foreach (var (drives, create) in drivers) Add(drives.Vendor, drives.Device, create);
    }

    /// <summary>There is a driver for that device.</summary>
    public static bool Knows(ushort vendor, ushort deviceId) => Array.Exists(s_all, entry => entry.Vendor == vendor && entry.Device == deviceId);

    /// <summary>The driver for a device, or null.</summary>
    public static CopyDriver? For(VfioDevice device)
    {
        ArgumentNullException.ThrowIfNull(device);
        var (vendor, id) = (device.VendorId, device.DeviceId);
        return Array.Find(s_all, entry => entry.Vendor == vendor && entry.Device == id).Create?.Invoke(device);
    }
}
