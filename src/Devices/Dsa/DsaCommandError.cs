namespace Understudy.Devices;

/// <summary>How a command of a <see cref="Dsa"/> ended: CMDSTS bits 7:0 (registers.h: enum idxd_cmdsts_err).</summary>
enum DsaCommandError
{
    None = 0,
    InvalidCommand = 0x01,
    InvalidQueue = 0x02,
    Hardware = 0x03,
    DeviceEnabled = 0x10,
    BusMasterOff = 0x12,
    QueueSizes = 0x14,
    GroupConfiguration = 0x15,
    DeviceOff = 0x20,
    QueueEnabled = 0x21,
    QueueSize = 0x22,
    QueueMode = 0x24,
    BlockOnFault = 0x25,
    PasidEnable = 0x26,
    BatchShift = 0x27,
    TransferShift = 0x28,
    DeviceNotEnabled = 0x31,
    QueuesWhileDeviceOff = 0x32,
    InterruptIndex = 0x41,
    NoInterruptHandle = 0x42,
}
