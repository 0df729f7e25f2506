namespace Understudy.Transports.VfioUser;

/// <summary>How a <see cref="VfioUserTransport"/> behaves. The defaults are right for QEMU 11.1.</summary>
public sealed record VfioUserOptions
{
    /// <summary>Where the sockets go: a directory only this user can enter, made if it is missing. It belongs to one
    /// transport at a time: sockets that a killed one left are replaced. Null makes a fresh one under the system's directory for temporary files
    /// and removes it on disposal.</summary>
    public string? Directory { get; init; }

    /// <summary>Whether a guest's MMIO write returns before the model has seen it, as on real PCI Express. False makes every write wait for
    /// the model (<c>x-no-posted-writes</c>): slower, and the same order in every run. DMA by message needs it false: while posted writes fill
    /// the socket, QEMU 11.1 cuts its answers to our requests off in the middle, and the machine hangs.</summary>
    public bool PostedWrites { get; init; } = true;

    /// <summary>Whether the machine may pack many posted writes into one message (<c>write_multiple</c>).</summary>
    public bool WriteMultiple { get; init; } = true;

    /// <summary>Whether QEMU gathers posted writes in its queue and sends them together (<c>x-send-queued</c>, QEMU 11.1 on): more writes
    /// a second, and every read and interrupt later by a hop between threads.</summary>
    public bool QueuedSends { get; init; }

    /// <summary>Which of a model's DMA writes travel as messages instead of through shared memory. Needs
    /// <see cref="PostedWrites"/> off.</summary>
    public MessageWrites MessageWrites { get; init; }

    /// <summary>Whether to map files that their owner could still make shorter, which would kill this process (SIGBUS). QEMU's
    /// <c>memory-backend-memfd</c> seals its file; <c>memory-backend-file</c> and <c>memory-backend-ram</c> do not.</summary>
    public bool AcceptUnsealedMemory { get; init; }

    /// <summary>Is told of the machine's memory as devices come to see it; null for nobody.</summary>
    public IMachineMemory? Memory { get; init; }

    /// <summary>Seed of the devices' random sources.</summary>
    public int Seed { get; init; }
}
