namespace Understudy.Pci;

/// <summary>How a bus transaction ended, in PCI Express words.</summary>
public enum BusStatus : byte
{
    /// <summary>Completed.</summary>
    Ok,

    /// <summary>Nobody claimed it: a read gives all ones, a write is lost.</summary>
    UnsupportedRequest,

    /// <summary>Claimed, then never answered: a read gives all ones.</summary>
    CompletionTimeout,

    /// <summary>No device claimed it in time, as conventional PCI has it: a read gives all ones, a write is lost.</summary>
    MasterAbort,

    /// <summary>Lost without a trace on the bus; whoever sent a write does not learn of it.</summary>
    Dropped,
}
