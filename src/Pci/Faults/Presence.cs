namespace Understudy.Pci;

/// <summary>Whether the card is on the bus at all.</summary>
sealed class Presence
{
    readonly PciSlot _slot;
    readonly Action _changed;
    readonly DeviceTimer _back;
    bool _reset;

    public Presence(PciSlot slot, Action changed)
    {
        (_slot, _changed) = (slot, changed);
        _back = slot.NewBusTimer(ComeBack, "fault: the card is back");
    }

    public bool IsGone { get; private set; }

    /// <summary>It goes.</summary>
    /// <param name="nanoseconds">For so long; 0 for good.</param>
    /// <param name="reset">It comes back as after a cold reset.</param>
    public void Leave(long nanoseconds, bool reset)
    {
        (IsGone, _reset) = (true, reset);
        _slot.Pulled();
        if (nanoseconds > 0) _back.Arm(nanoseconds);
        _changed();
    }

    /// <summary>It is there again, as it was.</summary>
    public void Return()
    {
        _back.Cancel();
        IsGone = false;
        _changed();
    }

    void ComeBack()
    {
        Return();
        if (_reset) _slot.ResetFunction();
    }
}
