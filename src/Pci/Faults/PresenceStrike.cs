namespace Understudy.Pci;

/// <summary>The card leaves the bus.</summary>
sealed class PresenceStrike(FaultEffect effect, FaultInjector faults) : FaultStrike
{
    public override void On(ref BusTransaction transaction, BusPath next)
    {
        if (effect.Kind == FaultKind.FlrHang) next.Send(ref transaction);
        else transaction.Refuse(BusStatus.UnsupportedRequest);
        faults.Presence.Leave((long)effect.Value, reset: effect.Kind == FaultKind.LinkDown);
    }
}
