namespace Understudy.Pci;

/// <summary>A card that is gone answers all ones. A driver has to notice: what polls it for ever hangs.</summary>
sealed class RemovalCheck() : BusCheck("access-after-removal")
{
    const int Patience = 1000;

    int _unanswered;

    public override void After(in BusTransaction transaction)
    {
        if (transaction.Op is not (BusOp.MmioRead or BusOp.MmioWrite)) return;
        _unanswered = transaction.Status != BusStatus.Ok && Slot.Decodes(transaction.Bar) ? _unanswered + 1 : 0;
        if (_unanswered == Patience && IsNew(0))
            Found($"the driver has touched the card {Patience} times since it last answered, and goes on: {transaction.Op} at 0x{transaction.Address:x} of BAR {transaction.Bar}");
    }
}
