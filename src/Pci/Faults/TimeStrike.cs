namespace Understudy.Pci;

/// <summary>What comes late, or after what it should come before.</summary>
sealed class TimeStrike(FaultEffect effect, FaultInjector faults, PciSlot slot) : FaultStrike
{
    public override void On(ref BusTransaction transaction, BusPath next)
    {
        var nanoseconds = (long)effect.Value;
        if (effect.Kind == FaultKind.Reorder) faults.InFlight.Hold(ref transaction, next);
        else if (transaction.Op is BusOp.MmioWrite or BusOp.DmaWrite) faults.InFlight.Later(ref transaction, next, nanoseconds);
        else if (!OpSet.Access.Has(transaction.Op)) faults.InFlight.Alone(ref transaction, next, nanoseconds);
        else
        {
            slot.Clock.Pass(nanoseconds);
            next.Send(ref transaction);
        }
    }
}
