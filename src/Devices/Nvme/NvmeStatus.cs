namespace Understudy.Devices;

/// <summary>How a command ended: status code type and status code, as <c>SCT &lt;&lt; 8 | SC</c> (NVM Express Base 1.4, 4.6.1).</summary>
public enum NvmeStatus : ushort
{
    /// <summary>It was done.</summary>
    Success = 0x000,
    /// <summary>No such command.</summary>
    InvalidOpcode = 0x001,
    /// <summary>A field of the command is not what it may be.</summary>
    InvalidField = 0x002,
    /// <summary>A command with this identifier is outstanding in the same queue.</summary>
    CommandIdConflict = 0x003,
    /// <summary>The host's memory could not be read or written.</summary>
    DataTransferError = 0x004,
    /// <summary>The controller itself failed.</summary>
    InternalError = 0x006,
    /// <summary>An Abort command ended it.</summary>
    AbortRequested = 0x007,
    /// <summary>Its submission queue was deleted.</summary>
    AbortedSqDeletion = 0x008,
    /// <summary>There is no such namespace, or it is not attached.</summary>
    InvalidNamespace = 0x00B,
    /// <summary>The command comes at the wrong time.</summary>
    CommandSequenceError = 0x00C,
    /// <summary>A PRP entry does not lie where one may.</summary>
    PrpOffsetInvalid = 0x013,
    /// <summary>The blocks lie past the namespace's end.</summary>
    LbaOutOfRange = 0x080,
    /// <summary>The namespace cannot be used now.</summary>
    NamespaceNotReady = 0x082,
    /// <summary>The completion queue to be used does not exist.</summary>
    CompletionQueueInvalid = 0x100,
    /// <summary>No queue can have this identifier, or none has it, or another has.</summary>
    InvalidQueueIdentifier = 0x101,
    /// <summary>No queue can be of this size.</summary>
    InvalidQueueSize = 0x102,
    /// <summary>More Asynchronous Event Requests than the controller keeps.</summary>
    AsyncLimitExceeded = 0x105,
    /// <summary>The device has no such interrupt vector.</summary>
    InvalidInterruptVector = 0x108,
    /// <summary>There is no such log page.</summary>
    InvalidLogPage = 0x109,
    /// <summary>There is no such LBA format.</summary>
    InvalidFormat = 0x10A,
    /// <summary>A completion queue still used by a submission queue was to be deleted.</summary>
    InvalidQueueDeletion = 0x10C,
    /// <summary>The feature cannot be saved.</summary>
    FeatureNotSaveable = 0x10D,
    /// <summary>The feature cannot be changed.</summary>
    FeatureNotChangeable = 0x10E,
    /// <summary>The media could not be written.</summary>
    WriteFault = 0x280,
    /// <summary>The media could not be read.</summary>
    UnrecoveredReadError = 0x281,
    /// <summary>What is on the media is something else.</summary>
    CompareFailure = 0x285,
}
