using Understudy.Transports.TimeTravel;

namespace Understudy.Transports.VhostUserPci;

/// <summary>How a <see cref="VhostUserPciTransport"/> behaves.</summary>
public sealed record VhostUserPciOptions
{
    /// <summary>Where the sockets go: a directory only this user can enter, made if it is missing. It belongs to one transport at a time:
    /// sockets that a killed one left are replaced. Null makes a fresh one under the system's directory for temporary files and removes it
    /// on disposal.</summary>
    public string? Directory { get; init; }

    /// <summary>Gives the guest its time, on the same clock as the devices': they tell it of interrupts when it can take note at the time it
    /// is. Null for guests that have a time of their own. Stays the caller's.</summary>
    public Calendar? Calendar { get; init; }

    /// <summary>A guest whose accesses follow each other as closely as this, or as a few times what it takes the host to carry a message, is told
    /// that it need not say so each time, and is ahead of its writes then; after a pause too, as long as that was worth while. Zero never tells
    /// it: for one whose time goes on, in steps of its own, while it waits for an answer.</summary>
    public TimeSpan PostsWithin { get; init; } = TimeSpan.FromMicroseconds(50);

    /// <summary>Seed of the devices' random sources.</summary>
    public int Seed { get; init; }
}
