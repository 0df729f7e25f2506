namespace Understudy.Devices;

/// <summary>How a received buffer's completion can go wrong.</summary>
public enum CompletionFault : byte
{
    /// <summary>Not at all.</summary>
    None,

    /// <summary>It is never written; the buffer is gone.</summary>
    Lost,

    /// <summary>It is written twice.</summary>
    Twice,

    /// <summary>It names a buffer that nobody posted.</summary>
    WrongIndex,

    /// <summary>It names buffer 0, which drivers use for sending.</summary>
    SendIndex,

    /// <summary>It claims one byte more than a buffer has.</summary>
    TooLong,

    /// <summary>It claims no bytes.</summary>
    Empty,

    /// <summary>Its overflow bit is set.</summary>
    Overflow,

    /// <summary>Its response is a decode error.</summary>
    BusError,

    /// <summary>Its result has the bits that are told with the fault, 1 to 7.</summary>
    Result,

    /// <summary>It is written only after the driver has disabled the engine.</summary>
    Late,

    /// <summary>It is written, and once more when the driver next enables the engine.</summary>
    Stale,

    /// <summary>Its word 3 is visible 20 µs before the others.</summary>
    Torn,

    /// <summary>It is right, but one bit of the data in memory is not.</summary>
    FlippedBit,

    /// <summary>The memory never acknowledges the data: the engine waits for its timeout (version 5), or for ever.</summary>
    Unacknowledged,
}
