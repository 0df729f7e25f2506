namespace Understudy.Pci;

/// <summary>What a bus finding says of the driver.</summary>
public enum CheckSeverity : byte
{
    /// <summary>Worth knowing; nothing is wrong with it.</summary>
    Info,

    /// <summary>Outside of what the datasheet or the PCI specification describes: worth a look, and it need not be wrong.</summary>
    Warning,

    /// <summary>A driver that does this is broken.</summary>
    Error,
}
