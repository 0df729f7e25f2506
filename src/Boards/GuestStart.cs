namespace Understudy.Boards;

/// <summary>How a machine gets to a guest that answers.</summary>
public enum GuestStart
{
    /// <summary>It boots: firmware, kernel, init. Devices are in their slots from the beginning.</summary>
    Cold,

    /// <summary>It continues from a guest that booted once and was saved, which takes a tenth of the time; the first to ask for it makes it.
    /// Devices are added while it runs, as by hot-plug. No two such guests share memory: what one does, the next does not see.</summary>
    Restored,
}
