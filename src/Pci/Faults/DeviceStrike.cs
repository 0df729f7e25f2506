namespace Understudy.Pci;

/// <summary>The device itself misbehaves: it resets, or does what an order of its own says.</summary>
sealed class DeviceStrike : FaultStrike
{
    readonly FaultEffect _effect;
    readonly FaultInjector _faults;
    readonly PciSlot _slot;
    readonly Action<PciDevice>? _act;

    public DeviceStrike(FaultEffect effect, FaultInjector faults, PciSlot slot, Action<PciDevice>? act = null)
    {
        (_effect, _faults, _slot) = (effect, faults, slot);
        _act = act;
        if (act is null && effect.Kind == FaultKind.Do && faults.Orders is null)
            throw new FormatException($"The fault effect '{effect}' can do nothing: {slot.Device.GetType().Name} takes no orders here.");
    }

    // The device is in the middle of something when it speaks itself: then this comes right after.
    public override void On(ref BusTransaction transaction, BusPath next)
    {
        if (transaction.IsDownstream) Act();
        else _faults.InFlight.After(0, $"fault: {_effect}", Act);
        next.Send(ref transaction);
    }

    void Act()
    {
        try
        {
            if (_act is not null) _slot.Stimulate(_effect.Words, device => Done(_act, device));
            else if (_effect.Kind == FaultKind.Reset) _slot.ResetDevice();
            else _slot.Order(_effect.Words, _effect.Words, device => Done(Ordered, device));
        }
        catch (FormatException wrong)
        {
            _slot.Report("fault-order", $"the fault effect '{_effect}' is no order: {wrong.Message}");
        }
    }

    void Ordered(PciDevice device) => _faults.Orders!(device, _effect.Words);

    static bool Done(Action<PciDevice> act, PciDevice device)
    {
        act(device);
        return true;
    }
}
