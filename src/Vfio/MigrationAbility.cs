namespace Understudy.Vfio;

/// <summary>How a device can be migrated (struct vfio_device_feature_migration).</summary>
[Flags]
public enum MigrationAbility
{
    /// <summary>It cannot.</summary>
    None = 0,

    /// <summary>It can be stopped, its state copied, and resumed.</summary>
    StopCopy = 1,

    /// <summary>It can be kept from reaching other devices meanwhile.</summary>
    PeerToPeer = 2,

    /// <summary>Much of its state can be copied while it runs.</summary>
    PreCopy = 4,
}
