namespace Understudy.Pci;

/// <summary>The kinds of fault.</summary>
public enum FaultKind : byte
{
    /// <summary>It is lost: a write or an interrupt never arrives, a read gives all ones.</summary>
    Drop,

    /// <summary>It is refused with Unsupported Request.</summary>
    Fail,

    /// <summary>It happens twice.</summary>
    Duplicate,

    /// <summary>A read gives this value instead.</summary>
    Value,

    /// <summary>A read comes back with these bits flipped.</summary>
    Flip,

    /// <summary>The card is pulled: from here on reads give all ones, writes, DMA and interrupts are lost.</summary>
    Remove,
}
