namespace Understudy.Devices;

/// <summary>What can go wrong with a received frame.</summary>
public enum ReceiveFault : byte
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>Damaged on the wire, so that its FCS is wrong: the chip drops and counts it, unless the driver accepts errors.</summary>
    BadFcs,

    /// <summary>One payload bit flips inside the card, behind the FCS check: checksum offload sees it, where there is one.</summary>
    FlippedBit,

    /// <summary>The descriptor says the frame was received with an error, whatever the driver accepts.</summary>
    ErrorStatus,

    /// <summary>The frame finds the FIFO full: it is lost and counted as missed.</summary>
    Overflow,
}
