namespace Understudy.Boards;

/// <summary>What makes time pass for a guest.</summary>
public enum GuestTime
{
    /// <summary>The host's clock, for the guest; its devices' clock follows what the guest does.</summary>
    Host,

    /// <summary>What happens, and nothing else: guest and devices share one clock, which jumps to the next event when there is nothing to do,
    /// and stands still while nobody waits for the guest. The same run takes the same time, to the nanosecond. Limits of the host stay the
    /// host's.</summary>
    Virtual,
}
