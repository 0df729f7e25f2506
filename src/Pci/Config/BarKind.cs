namespace Understudy.Pci;

/// <summary>What a Base Address Register decodes (PCI Local Bus 3.0, 6.2.5.1).</summary>
public enum BarKind : byte
{
    /// <summary>Memory below 4 GiB.</summary>
    Memory32,

    /// <summary>Memory anywhere; takes the next BAR as its upper half.</summary>
    Memory64,

    /// <summary>I/O ports.</summary>
    Io,

    /// <summary>The expansion ROM.</summary>
    Rom,
}
