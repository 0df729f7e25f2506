namespace Understudy.Devices;

/// <summary>What the card has seen and done since it was made or <see cref="AxisG2.ForgetCounters"/> was called: the device's own account,
/// to hold a driver's and an application's against. All counts are of the DMA engine; a reset leaves them.</summary>
public sealed record AxisG2Counters
{
    /// <summary>Complete descriptors taken from the driver for sending.</summary>
    public long TxPosted { get; set; }

    /// <summary>Descriptors sent and returned.</summary>
    public long TxReturned { get; set; }

    /// <summary>Bytes read from memory and sent.</summary>
    public long TxBytes { get; set; }

    /// <summary>Frames ended: descriptors without the continue bit.</summary>
    public long TxFrames { get; set; }

    /// <summary>Free buffers taken from the driver.</summary>
    public long RxPosted { get; set; }

    /// <summary>Buffers completed.</summary>
    public long RxCompleted { get; set; }

    /// <summary>Bytes written to buffers.</summary>
    public long RxBytes { get; set; }

    /// <summary>Frames ended: completions without the continue bit.</summary>
    public long RxFrames { get; set; }

    /// <summary>Completions with an error, and sent descriptors with one.</summary>
    public long Errors { get; set; }

    /// <summary>Times the interrupt condition became true.</summary>
    public long Interrupts { get; set; }

    /// <summary>Writes of a one to forceInt.</summary>
    public long Forced { get; set; }

    /// <summary>Forced interrupts that an acknowledge erased before the driver's handler ran for them.</summary>
    public long ForcedLost { get; set; }

    /// <summary>Writes to intAckAndEnable.</summary>
    public long Acknowledged { get; set; }

    /// <summary>Pulses of the acknowledge register, the firmware's own.</summary>
    public long ReadAcks { get; set; }

    /// <summary>Times the engine was enabled.</summary>
    public long Enabled { get; set; }

    /// <summary>Times a frame had to wait for a free buffer.</summary>
    public long Starved { get; set; }

    /// <summary>Frames written to a GPU's buffers.</summary>
    public long GpuRxFrames { get; set; }

    /// <summary>Bytes of them.</summary>
    public long GpuRxBytes { get; set; }

    /// <summary>Frames sent from a GPU's buffers.</summary>
    public long GpuTxFrames { get; set; }

    /// <summary>Bytes of them.</summary>
    public long GpuTxBytes { get; set; }

    /// <summary>Frames for the GPU that came while writing was disabled: they are dropped.</summary>
    public long GpuDropped { get; set; }

    /// <summary>The shortest time from an acknowledge to the next interrupt that was not forced, in clocks; -1 before there was one.</summary>
    public long ShortestHoldOff { get; set; } = -1;
}
