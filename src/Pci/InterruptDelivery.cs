namespace Understudy.Pci;

/// <summary>How the levels of a device's interrupt lines reach the machine: as messages where MSI-X or MSI is enabled, as the INTx pin where
/// neither is.</summary>
sealed class InterruptDelivery(PciSlot slot, IPciBus bus, ConfigSpace config, Msi? msi, Msix? msix)
{
    readonly HashSet<InterruptLine> _asserted = [];
    bool _intx;

    // A driver that enables both does what the specification leaves undefined; MSI-X wins.
    IMessageCapability? Active => msix is IMessageCapability { IsEnabled: true } ? msix : msi is IMessageCapability { IsEnabled: true } ? msi : null;

    public bool MsixIsActive => msix is not null && Active == msix;

    /// <summary>A line that sends this vector is asserted.</summary>
    public bool IsAsserted(int vector)
    {
        if (Active is not { } active) return false;
        foreach (var line in _asserted)
            if (active.Fold(line.Vector) == vector) return true;
        return false;
    }

    /// <summary>An MSI-X vector waits to be unmasked.</summary>
    public bool IsLeftPending(int vector) => msix is IMessageCapability table && !bus.OwnsMsixTable && table.IsPending(vector);

    public void SetLevel(InterruptLine line, bool asserted)
    {
        if (asserted) _asserted.Add(line);
        else _asserted.Remove(line);
        if (Active is { } active)
        {
            if (asserted) Fire(active, line.Vector);
            else Withdraw(active, line.Vector);
        }
        Update();
    }

    public void Pulse(int vector)
    {
        if (Active is { } active) Fire(active, vector);
        else slot.Report("interrupt-lost", "the device pulsed an interrupt while the driver had neither MSI nor MSI-X enabled");
    }

    /// <summary>An enable, a disable or the power state may have changed: sets the INTx pin to what it should be.</summary>
    public void Update()
    {
        var condition = _asserted.Count > 0 && slot.Device.IntxPin != 0 && Active is null;
        config.InterruptStatus = condition;
        var level = condition && !config.IntxDisabled && config.InD0;
        if (level == _intx) return;
        _intx = level;
        slot.Interrupt(level ? BusOp.IntxAssert : BusOp.IntxDeassert, 0);
    }

    /// <summary>A vector may have been unmasked: sends what it has pending.</summary>
    public void Unmasked(IMessageCapability by, int vector)
    {
        if (by != Active || !by.IsPending(vector) || IsMasked(by, vector)) return;
        by.SetPending(vector, false);
        Send(vector);
    }

    /// <summary>Keeps a message of this vector until it is unmasked, as a masked one is; false where nothing masks it here.</summary>
    public bool KeepMasked(int vector)
    {
        if (Active is not { } active || !IsMasked(active, vector)) return false;
        active.SetPending(vector, true);
        return true;
    }

    /// <summary>The vector that a message of this one would go out as now; -1 where none would.</summary>
    public int Route(int vector) => Active is { } active && config.BusMaster ? active.Fold(vector) : -1;

    /// <summary>The driver listens to the pin now, if to anything.</summary>
    public bool CanAssertPin => slot.Device.IntxPin != 0 && Active is null && !config.IntxDisabled && config.InD0;

    public bool PinIsAsserted => _intx;

    /// <summary>An interrupt that comes late still says something true: its vector is enabled, the pin is as it says.</summary>
    public bool StillMeans(BusOp op, int vector) => op switch
    {
        BusOp.Interrupt => Route(vector) == vector,
        BusOp.IntxAssert => _intx,
        BusOp.IntxDeassert => !_intx,
        _ => true,
    };

    public MsiMessage MessageFor(int vector) => Active is not { } active || MachineKeepsTable(active) ? default : active.Message(vector);

    public void Reset()
    {
        _asserted.Clear();
        Update();
    }

    void Fire(IMessageCapability active, int vector)
    {
        var sent = active.Fold(vector);
        if (sent < 0) slot.ReportOnce("no-such-vector", (ulong)vector, static v => $"the device raised vector {v}, which its MSI-X table does not have");
        else if (IsMasked(active, sent)) active.SetPending(sent, true);
        else Send(sent);
    }

    // PCI 3.0, 6.8.3.5: a pending message whose cause is gone must not be sent when the vector is unmasked.
    void Withdraw(IMessageCapability active, int vector)
    {
        var sent = active.Fold(vector);
        if (sent < 0 || !active.IsPending(sent)) return;
        foreach (var line in _asserted)
            if (active.Fold(line.Vector) == sent) return;
        active.SetPending(sent, false);
    }

    void Send(int vector)
    {
        if (config.BusMaster) slot.Interrupt(BusOp.Interrupt, (ulong)vector);
        else slot.ReportOnce("message-without-bus-master", (ulong)vector, static v => $"vector {v} was raised while Bus Master Enable is off or the device is not in D0");
    }

    bool IsMasked(IMessageCapability active, int vector) => !MachineKeepsTable(active) && active.IsMasked(vector);

    bool MachineKeepsTable(IMessageCapability active) => active == msix && bus.OwnsMsixTable;
}
