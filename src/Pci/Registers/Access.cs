namespace Understudy.Pci;

/// <summary>What a bus access does to a field, in the words datasheets use.</summary>
public enum Access : byte
{
    /// <summary>RO: writes are ignored; only the device changes it.</summary>
    ReadOnly,

    /// <summary>RW: holds what was written.</summary>
    ReadWrite,

    /// <summary>RW1C: writing a one clears the bit, writing a zero leaves it.</summary>
    WriteOneToClear,

    /// <summary>RW1S: writing a one sets the bit, writing a zero leaves it.</summary>
    WriteOneToSet,

    /// <summary>RC: reading clears it.</summary>
    ReadToClear,

    /// <summary>WO: holds what was written, reads as zero.</summary>
    WriteOnly,

    /// <summary>Writing a one starts something; the bit is never stored and reads as zero.</summary>
    Pulse,

    /// <summary>Documented in the datasheet, stored like <see cref="ReadWrite"/>, but without the behaviour: a write of something else
    /// than what it held is reported once as a finding, so that nobody mistakes silence for a model.</summary>
    NotModelled,
}
