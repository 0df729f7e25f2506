namespace Understudy.Pci;

/// <summary>What a transaction carries: changed on the way to whoever gets it.</summary>
sealed class DataStrike(FaultEffect effect, FaultPlace place, PciSlot slot) : FaultStrike
{
    public override void On(ref BusTransaction transaction, BusPath next)
    {
        if (transaction.WriteData.IsEmpty)
        {
            next.Send(ref transaction);
            Change(transaction.ReadData, transaction.Address);
            return;
        }
        var changed = transaction.WriteData.ToArray();
        Change(changed, transaction.Address);
        transaction.WriteData = changed;
        next.Send(ref transaction);
    }

    void Change(Span<byte> data, ulong address)
    {
        if (effect.Kind != FaultKind.Corrupt) place.Overlay(data, address, effect.Value, flip: effect.Kind == FaultKind.Flip);
        else if (data.Length > 0)
            for (var i = 0UL; i < Math.Min(effect.Value, 8 * (ulong)data.Length); i++) data[slot.Random.Next(data.Length)] ^= (byte)(1 << slot.Random.Next(8));
    }
}
