namespace Understudy.Pci;

/// <summary>What one entry of a recording says.</summary>
public enum RecordKind : byte
{
    /// <summary>The machine's transaction reaches the device; the data of a write.</summary>
    Begin = 1,

    /// <summary>It has ended; the data of a read.</summary>
    End = 2,

    /// <summary>A transaction of the device has come back to it, with the data of either direction.</summary>
    Up = 3,

    /// <summary>A timer of the device fires; its name.</summary>
    Timer = 4,

    /// <summary>Somebody did something to the device in C#; its text.</summary>
    Stimulus = 5,

    /// <summary>Somebody did something to the device by words; those words.</summary>
    Order = 6,

    /// <summary>A fault made the device reset itself (address 0), or all of its function (1).</summary>
    Reset = 7,
}
