namespace Understudy.Pci;

/// <summary>Looks for what a driver must not do, with no knowledge of the driver: all checks of <see cref="BusChecks"/> that need to see the
/// whole traffic. What it finds are findings of the slot. Belongs outside of a <see cref="FaultInjector"/>, so that it judges what the driver
/// did, not what a fault made of it. Costs no allocation an access.</summary>
public sealed class BusChecker : BusInterceptor
{
    readonly BusCheck[] _checks =
    [
        new ReadOnlyWriteCheck(), new ReservedBitsCheck(), new WrongSizeCheck(), new RemovalCheck(), new AcknowledgeCheck(),
        new UnprogrammedMessageCheck(), new LeftMaskedCheck(), new LeftAssertedCheck(), new BusMasterCheck(), new PostedWriteCheck(),
    ];

    PciSlot? _slot;
    bool _used;

    /// <inheritdoc/>
    public override void Handle(ref BusTransaction transaction, BusPath next)
    {
        // A driver is what makes the device a bus master, or reads and writes it; firmware only enables it.
        _used |= transaction.Op is BusOp.MmioRead or BusOp.MmioWrite;
        foreach (var check in _checks) check.Before(transaction);
        next.Send(ref transaction);
        foreach (var check in _checks) check.After(transaction);
    }

    /// <summary>Says that the machine has no driver bound to the device now. Where one was, what it left behind is looked at. Takes the lock.</summary>
    public void Unbound()
    {
        if (_slot is null) throw new InvalidOperationException("The bus checker is not on a slot yet.");
        lock (_slot.Clock.Gate)
        {
            if (!_used) return;
            _used = false;
            foreach (var check in _checks) check.Unbound();
        }
    }

    /// <inheritdoc/>
    protected internal override void Attached(PciSlot slot)
    {
        if (_slot is not null) throw new InvalidOperationException("A bus checker belongs to one slot.");
        _slot = slot;
        foreach (var check in _checks) check.Attach(slot);
    }
}
