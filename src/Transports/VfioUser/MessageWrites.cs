namespace Understudy.Transports.VfioUser;

/// <summary>Which of a model's DMA writes travel as messages (<c>DMA_WRITE</c>). Such a write is posted: the model goes on at once, a later
/// write or interrupt of the device waits behind it, but a register read of the guest or a DMA read of the model does not.</summary>
public enum MessageWrites
{
    /// <summary>None: a write to memory that the machine does not share fails.</summary>
    Never,

    /// <summary>Those to memory that the machine does not share.</summary>
    ToUnsharedMemory,

    /// <summary>All of them. For a device whose data a guest under TCG executes, such as a disk: a store through shared memory does not make
    /// QEMU translate the code again.</summary>
    Always,
}
