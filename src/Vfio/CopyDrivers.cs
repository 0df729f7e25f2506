namespace Understudy.Vfio;

/// <summary>The drivers that come with the library: a plain list, to which a program adds its own.</summary>
public static class CopyDrivers
{
    static readonly List<(ushort Vendor, ushort Device, Func<VfioDevice, CopyDriver> Create)> s_all =
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
        if (s_all.Exists(entry => entry.Vendor == vendor && entry.Device == deviceId)) throw new ArgumentException($"There is a driver for {vendor:x4}:{deviceId:x4} already", nameof(deviceId));
        s_all.Add((vendor, deviceId, create));
    }

    /// <summary>There is a driver for that device.</summary>
    public static bool Knows(ushort vendor, ushort deviceId) => s_all.Exists(entry => entry.Vendor == vendor && entry.Device == deviceId);

    /// <summary>The driver for a device, or null.</summary>
    public static CopyDriver? For(VfioDevice device)
    {
        ArgumentNullException.ThrowIfNull(device);
        var (vendor, id) = (device.VendorId, device.DeviceId);
        return s_all.Find(entry => entry.Vendor == vendor && entry.Device == id).Create?.Invoke(device);
    }
}
