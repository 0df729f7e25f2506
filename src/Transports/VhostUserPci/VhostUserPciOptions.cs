namespace Understudy.Transports.VhostUserPci;

/// <summary>How a <see cref="VhostUserPciTransport"/> behaves.</summary>
public sealed record VhostUserPciOptions
{
    /// <summary>Where the sockets go: a directory only this user can enter, made if it is missing. It belongs to one transport at a time:
    /// sockets that a killed one left are replaced. Null makes a fresh one under the system's directory for temporary files and removes it
    /// on disposal.</summary>
    public string? Directory { get; init; }

    /// <summary>Seed of the devices' random sources.</summary>
    public int Seed { get; init; }
}
