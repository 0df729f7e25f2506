namespace Understudy.Devices;

/// <summary>Which way a frame travels.</summary>
public enum WireDirection : byte
{
    /// <summary>From the card.</summary>
    Sent,

    /// <summary>To the card.</summary>
    Received,
}
