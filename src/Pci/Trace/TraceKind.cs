namespace Understudy.Pci;

/// <summary>What a <see cref="TraceEntry"/> records: a bus transaction by its <see cref="BusOp"/>, or a note.</summary>
public enum TraceKind : byte
{
    /// <summary>See <see cref="TraceEntry.Op"/>.</summary>
    Transaction,

    /// <summary>Something was done to the device from outside.</summary>
    Stimulus,

    /// <summary>A timer of the device fired.</summary>
    Timer,

    /// <summary>A finding was made.</summary>
    Finding,

    /// <summary>A fault rule struck.</summary>
    Fault,
}
