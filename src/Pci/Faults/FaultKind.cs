namespace Understudy.Pci;

/// <summary>The kinds of fault; <see cref="FaultCatalog"/> says of each what it does, to what, and who could show it.</summary>
public enum FaultKind : byte
{
    /// <summary>It is lost: a write or an interrupt never arrives, a read gives all ones.</summary>
    Drop,

    /// <summary>It is refused with Unsupported Request.</summary>
    Fail,

    /// <summary>Nobody claims it: a master abort.</summary>
    Abort,

    /// <summary>A read is never answered: a completion timeout.</summary>
    Timeout,

    /// <summary>It happens twice.</summary>
    Duplicate,

    /// <summary>It carries this value instead.</summary>
    Value,

    /// <summary>It comes with these bits flipped.</summary>
    Flip,

    /// <summary>From here on these bits read as 0, or as 1; the INTx pin stays as it is told.</summary>
    Stuck,

    /// <summary>From here on reads give this value.</summary>
    Becomes,

    /// <summary>A read gives what the read before it gave, and does not reach the device.</summary>
    Stale,

    /// <summary>So many bits of it, chosen by the run's seed, are flipped.</summary>
    Corrupt,

    /// <summary>A DMA moves only its first bytes.</summary>
    Partial,

    /// <summary>A DMA goes to an address that is not mapped.</summary>
    Unmapped,

    /// <summary>It takes that much device time longer.</summary>
    Delay,

    /// <summary>What is posted takes longer, each by another time, which that seed decides; the order stays.</summary>
    Jitter,

    /// <summary>What the device does next overtakes it.</summary>
    Reorder,

    /// <summary>A descriptor's owner word arrives, the rest of it later or never.</summary>
    Torn,

    /// <summary>An interrupt comes with no cause.</summary>
    Spurious,

    /// <summary>An interrupt comes so many times, a microsecond apart.</summary>
    Storm,

    /// <summary>An interrupt comes as another vector.</summary>
    Vector,

    /// <summary>The device's own reset, with configuration space left alone.</summary>
    Reset,

    /// <summary>The card is pulled: from here on reads give all ones, writes, DMA and interrupts are lost.</summary>
    Remove,

    /// <summary>The link goes down: as if removed, and back after a while, reset.</summary>
    LinkDown,

    /// <summary>A reset of the function does not come to its end: all ones until it does.</summary>
    FlrHang,

    /// <summary>The model does what an order says.</summary>
    Do,
}
