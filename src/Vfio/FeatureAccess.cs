namespace Understudy.Vfio;

/// <summary>What may be done with a <see cref="DeviceFeature"/>.</summary>
[Flags]
public enum FeatureAccess
{
    /// <summary>Nothing: the device does not have it, or the kernel does not know it.</summary>
    None = 0,

    /// <summary>It can be read (VFIO_DEVICE_FEATURE_GET).</summary>
    Get = 1,

    /// <summary>It can be set (VFIO_DEVICE_FEATURE_SET).</summary>
    Set = 2,
}
