namespace Understudy.Pci;

/// <summary>A read that never reaches the device, and gives what was last read there.</summary>
sealed class StaleStrike(FaultPlace place) : FaultStrike
{
    const int Most = 4096;

    readonly Dictionary<(BusOp, byte, ulong, int), byte[]> _seen = [];

    public override void On(ref BusTransaction transaction, BusPath next)
    {
        if (_seen.TryGetValue(Key(ref transaction), out var before)) before.CopyTo(transaction.ReadData);
        else next.Send(ref transaction);
    }

    public override void Passed(ref BusTransaction transaction)
    {
        if (transaction.ReadData.IsEmpty || transaction.Status != BusStatus.Ok || !place.Holds(ref transaction)) return;
        if (_seen.TryGetValue(Key(ref transaction), out var seen)) transaction.ReadData.CopyTo(seen);
        else if (_seen.Count < Most) _seen.Add(Key(ref transaction), transaction.ReadData.ToArray());
    }

    static (BusOp, byte, ulong, int) Key(ref BusTransaction transaction) => (transaction.Op, transaction.Bar, transaction.Address, transaction.Length);
}
