namespace Understudy.Pci;

/// <summary>The machine a slot sits in. One implementation a transport; models never see it. Every call comes under
/// <see cref="DeviceClock.Gate"/>, so none may wait for the machine.</summary>
public interface IPciBus
{
    /// <summary>The bus's time, and with it the bus's one lock.</summary>
    DeviceClock Clock { get; }

    /// <summary>A machine is there and on. While none is, what the device does reaches nobody and is nobody's fault.</summary>
    bool IsPowered { get; }

    /// <summary>True where the machine keeps the MSI-X table itself (vfio-user: QEMU does) and the slot must not mask by its own.</summary>
    bool OwnsMsixTable { get; }

    /// <summary>Copies machine memory out. False, with <paramref name="destination"/> in any state, when part of the range is not mapped.</summary>
    bool TryReadMemory(ulong address, Span<byte> destination);

    /// <summary>Copies into machine memory. Aligned writes of 1, 2, 4 and 8 bytes are seen whole; later writes are never seen before earlier
    /// ones; everything written is visible before a later interrupt. False when part of the range is not mapped or not writable.</summary>
    bool TryWriteMemory(ulong address, ReadOnlySpan<byte> source);

    /// <summary>Sets the level of the device's INTx pin. The transport keeps the level and fires again when the machine unmasks a pin that is
    /// still asserted.</summary>
    void SetIntx(bool asserted);

    /// <summary>Sends an MSI or MSI-X message. The slot has already checked enables, masks and Bus Master Enable.</summary>
    /// <param name="vector">Index of the vector.</param>
    /// <param name="message">What the machine programmed; default where the machine keeps the table.</param>
    void SendMessage(int vector, MsiMessage message);
}
