namespace Understudy.Vfio;

/// <summary>Says which device a <see cref="CopyDriver"/> of another assembly drives: what MODULE_DEVICE_TABLE is in a kernel module.
/// <see cref="CopyDrivers.AddFrom"/> looks for it.</summary>
/// <param name="vendor">Vendor ID.</param>
/// <param name="device">Device ID.</param>
[AttributeUsage(AttributeTargets.Class, AllowMultiple = true, Inherited = false)]
public sealed class DrivesAttribute(ushort vendor, ushort device) : Attribute
{
    /// <summary>Vendor ID.</summary>
    public ushort Vendor { get; } = vendor;

    /// <summary>Device ID.</summary>
    public ushort Device { get; } = device;
}
