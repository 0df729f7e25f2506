namespace Understudy.Devices;

/// <summary>How a descriptor of a <see cref="Dsa"/> ended: bits 6:0 of the status byte of its completion record
/// (include/uapi/linux/idxd.h: enum dsa_completion_status).</summary>
public enum DsaStatus : byte
{
    /// <summary>It did not.</summary>
    None = 0x00,

    /// <summary>As asked.</summary>
    Success = 0x01,

    /// <summary>As asked, and with another result than the one expected.</summary>
    UnexpectedResult = 0x02,

    /// <summary>An address could not be read or written; the record has it.</summary>
    PageFault = 0x03,

    /// <summary>Some descriptor of the batch failed.</summary>
    BatchFailed = 0x05,

    /// <summary>The list of a batch could not be read.</summary>
    BatchPageFault = 0x06,

    /// <summary>An operation it does not have, or not inside a batch.</summary>
    BadOperation = 0x10,

    /// <summary>Flags it does not have, or not for this operation.</summary>
    InvalidFlags = 0x11,

    /// <summary>A reserved field is not zero.</summary>
    ReservedNotZero = 0x12,

    /// <summary>No bytes, or more than the queue allows.</summary>
    Size = 0x13,

    /// <summary>Fewer than two descriptors in a batch, or more than the queue allows.</summary>
    Count = 0x14,

    /// <summary>Buffers overlap that must not.</summary>
    Overlap = 0x16,

    /// <summary>Bits 11:0 of the two destinations of a dualcast differ.</summary>
    DualcastAddresses = 0x17,

    /// <summary>The list of a batch is not aligned to 64 bytes.</summary>
    ListAlignment = 0x18,

    /// <summary>No such interrupt handle.</summary>
    InterruptHandle = 0x19,

    /// <summary>The completion record could not be written. Only SWERR can say so.</summary>
    CompletionAddress = 0x1A,

    /// <summary>The completion record is not aligned to 32 bytes. Only SWERR can say so.</summary>
    CompletionAlignment = 0x1B,

    /// <summary>The hardware failed.</summary>
    HardwareError = 0x20,
}
