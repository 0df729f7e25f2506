namespace Understudy.Pci;

/// <summary>Interrupts with no cause, too many of them, or the wrong one.</summary>
sealed class InterruptStrike(FaultEffect effect, FaultInjector faults, PciSlot slot) : FaultStrike
{
    const long Apart = 1_000, PinHeld = 10_000, MostTimes = 1_000_000;

    public override void On(ref BusTransaction transaction, BusPath next)
    {
        switch (effect.Kind)
        {
            case FaultKind.Spurious: next.Send(ref transaction); Spurious((int)Math.Min(effect.Value, int.MaxValue)); break;
            case FaultKind.Storm: next.Send(ref transaction); Storm((int)transaction.Address, (long)Math.Min(effect.Value, MostTimes) - 1); break;
            case FaultKind.Vector: Wrong(ref transaction, next); break;
        }
    }

    void Wrong(ref BusTransaction transaction, BusPath next)
    {
        var sent = slot.Interrupts.Route((int)Math.Min(effect.Value, int.MaxValue));
        if (sent < 0)
        {
            transaction.Refuse(BusStatus.Dropped);
            return;
        }
        transaction.Address = (ulong)sent;
        next.Send(ref transaction);
    }

    void Spurious(int vector)
    {
        if (slot.Interrupts.Route(vector) is >= 0 and var sent) Send(sent);
        else if (slot.Interrupts.CanAssertPin)
        {
            faults.InFlight.Send(BusOp.IntxAssert, 0);
            faults.InFlight.After(PinHeld, "fault: the spurious interrupt is over", () =>
            {
                if (!slot.Interrupts.PinIsAsserted) faults.InFlight.Send(BusOp.IntxDeassert, 0);
            });
        }
    }

    // A mask holds these as well: between its bits the table may be half written.
    void Send(int vector)
    {
        if (!slot.Interrupts.KeepMasked(vector)) faults.InFlight.Send(BusOp.Interrupt, vector);
    }

    void Storm(int vector, long left)
    {
        if (left <= 0) return;
        faults.InFlight.After(Apart, "fault: interrupt storm", () =>
        {
            if (faults.Presence.IsGone || !slot.Interrupts.StillMeans(BusOp.Interrupt, vector)) return;
            Send(vector);
            Storm(vector, left - 1);
        });
    }
}
