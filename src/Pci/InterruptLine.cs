namespace Understudy.Pci;

/// <summary>One interrupt of a device. A model sets its level; the slot turns a rising level into a message where MSI or MSI-X is enabled,
/// and into the state of the INTx pin where neither is.</summary>
public sealed class InterruptLine
{
    readonly PciDevice _device;

    internal InterruptLine(PciDevice device, int vector)
    {
        if (vector is < 0 or > 2047) throw new ArgumentOutOfRangeException(nameof(vector), $"Vectors are 0 to 2047, not {vector}");
        (_device, Vector) = (device, vector);
    }

    /// <summary>MSI or MSI-X vector.</summary>
    public int Vector { get; }

    /// <summary>The condition that interrupts holds.</summary>
    public bool IsAsserted { get; private set; }

    /// <summary>Sets the level. Setting what it already is does nothing.</summary>
    public void Set(bool asserted)
    {
        if (IsAsserted == asserted) return;
        IsAsserted = asserted;
        _device.Slot.Interrupts.SetLevel(this, asserted);
    }

    /// <summary>Asserts the level, and where it already is, says that there is something new: another message where MSI or MSI-X is enabled, nothing
    /// more at the INTx pin. For queues whose entries each deserve a message while the level says that any wait.</summary>
    public void Renew()
    {
        IsAsserted = true;
        _device.Slot.Interrupts.SetLevel(this, true);
    }

    /// <summary>Sends one message and leaves the level alone: for devices whose interrupts are events, not conditions. Without MSI or MSI-X
    /// enabled there is nothing to send it by, which is reported.</summary>
    public void Pulse() => _device.Slot.Interrupts.Pulse(Vector);

    /// <summary>Forgets the level without telling the machine: for use in a reset.</summary>
    internal void Clear() => IsAsserted = false;
}
