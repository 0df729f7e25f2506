namespace Understudy.Pci;

/// <summary>Bits that read the same from here on, and a pin that stays as it is.</summary>
sealed class LastingStrike(FaultEffect effect, FaultPlace place) : FaultStrike
{
    public override bool Lasts => true;

    public override void On(ref BusTransaction transaction, BusPath next)
    {
        if (OpSet.Intx.Has(transaction.Op) && (transaction.Op == BusOp.IntxAssert) != (effect.Value == 1))
        {
            transaction.Refuse(BusStatus.Dropped);
            return;
        }
        next.Send(ref transaction);
        var value = effect.Kind == FaultKind.Becomes ? effect.Value : effect.Value == 1 ? ulong.MaxValue : 0;
        place.Overlay(transaction.ReadData, transaction.Address, value);
    }
}
