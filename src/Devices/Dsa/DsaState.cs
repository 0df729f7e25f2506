namespace Understudy.Devices;

/// <summary>What a <see cref="Dsa"/> is doing: GENSTS bits 1:0.</summary>
public enum DsaState
{
    /// <summary>Nothing; it may be configured.</summary>
    Disabled = 0,

    /// <summary>It takes work for the queues that are enabled.</summary>
    Enabled = 1,

    /// <summary>It ends what it has, and takes nothing more.</summary>
    Draining = 2,

    /// <summary>An error stopped it; GENSTS says which reset it needs.</summary>
    Halted = 3,
}
