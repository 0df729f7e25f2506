namespace Understudy.Pci;

/// <summary>An INTx pin that stays asserted when the driver is gone: everybody on that line is called for nothing.</summary>
sealed class LeftAssertedCheck() : BusCheck("interrupt-at-remove")
{
    public override void Unbound()
    {
        if (Slot.Interrupts.PinIsAsserted && IsNew(0)) Found("the driver is gone and the INTx pin is still asserted: its cause was neither masked nor acknowledged");
    }
}
