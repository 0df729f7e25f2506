namespace Understudy.Vfio;

/// <summary>What a device offers beside registers, interrupts and DMA, as its kernel driver answered when it was asked.</summary>
public sealed class DeviceFeatures
{
    readonly Dictionary<DeviceFeature, FeatureAccess> _access;

    internal DeviceFeatures(IDeviceBacking device)
    {
        _access = Enum.GetValues<DeviceFeature>().ToDictionary(feature => feature, device.Probe);
        Migration = this[DeviceFeature.Migration].HasFlag(FeatureAccess.Get) ? (MigrationAbility)device.GetFeature(DeviceFeature.Migration) : MigrationAbility.None;
    }

    /// <summary>What may be done with one.</summary>
    public FeatureAccess this[DeviceFeature feature] => _access.GetValueOrDefault(feature);

    /// <summary>Those that there are, in the kernel's order.</summary>
    public IReadOnlyList<DeviceFeature> Offered => [.. _access.Where(entry => entry.Value != FeatureAccess.None).Select(entry => entry.Key).Order()];

    /// <summary>How it can be migrated.</summary>
    public MigrationAbility Migration { get; }

    /// <summary>It notes itself where it writes.</summary>
    public bool LogsDma => this[DeviceFeature.DmaLoggingStart].HasFlag(FeatureAccess.Set) && this[DeviceFeature.DmaLoggingReport].HasFlag(FeatureAccess.Get);

    /// <summary>It can be put to sleep and woken.</summary>
    public bool LowPower => this[DeviceFeature.LowPowerEntry].HasFlag(FeatureAccess.Set) && this[DeviceFeature.LowPowerExit].HasFlag(FeatureAccess.Set);
}
