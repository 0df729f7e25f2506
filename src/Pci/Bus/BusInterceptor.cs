namespace Understudy.Pci;

/// <summary>Sits between the two sides of a bus and sees every transaction, in both directions: faults, trace, checks and coverage are each
/// one of these. Called under the bus's lock, on whatever thread brought the transaction. Must not block.</summary>
public abstract class BusInterceptor
{
    /// <summary>Handles one transaction: passes it on with <c>next.Send(ref transaction)</c>, or not, or twice, or changed.</summary>
    public abstract void Handle(ref BusTransaction transaction, BusPath next);

    /// <summary>Called once, when the slot is made: gives the interceptor the bus's clock, the run's random source and the maps.</summary>
    protected internal virtual void Attached(PciSlot slot) { }

    /// <summary>A stimulus or a timer is about to run: something that moves the device without crossing the bus.</summary>
    protected internal virtual void Noted(NoteKind kind, string text) { }
}
