namespace Understudy.Vfio;

/// <summary>What a device's kernel driver may offer beside registers, interrupts and DMA (include/uapi/linux/vfio.h,
/// VFIO_DEVICE_FEATURE_*).</summary>
public enum DeviceFeature
{
    /// <summary>The secret by which virtual functions are opened: <see cref="VfioDevice.SetVfToken"/>.</summary>
    VfToken = 0,

    /// <summary>The device can be migrated: <see cref="DeviceFeatures.Migration"/> says how.</summary>
    Migration = 1,

    /// <summary>The state of a device that is being migrated.</summary>
    MigrationState = 2,

    /// <summary>The device may be put to sleep: <see cref="VfioDevice.EnterLowPower"/>.</summary>
    LowPowerEntry = 3,

    /// <summary>The same, with an event when it is woken.</summary>
    LowPowerEntryWithWakeup = 4,

    /// <summary>And woken: <see cref="VfioDevice.ExitLowPower"/>.</summary>
    LowPowerExit = 5,

    /// <summary>The device itself notes where it writes.</summary>
    DmaLoggingStart = 6,

    /// <summary>It stops.</summary>
    DmaLoggingStop = 7,

    /// <summary>It reports.</summary>
    DmaLoggingReport = 8,

    /// <summary>How many bytes a migration moves.</summary>
    MigrationDataSize = 9,

    /// <summary>Bus mastering of devices that are not on PCI.</summary>
    BusMaster = 10,

    /// <summary>A BAR as a dma-buf, which an iommufd maps where it would refuse memory of a BAR.</summary>
    DmaBuf = 11,
}
