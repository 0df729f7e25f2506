namespace Understudy.Pci;

/// <summary>A write or an interrupt taken off the bus, to be put back later.</summary>
sealed class PostedTransaction
{
    readonly BusOp _op;
    readonly byte _bar;
    readonly ulong _address;
    readonly byte[] _data;
    readonly BusPath _next;

    public PostedTransaction(ref BusTransaction transaction, BusPath next)
    {
        (_op, _bar, _address, _next) = (transaction.Op, transaction.Bar, transaction.Address, next);
        _data = transaction.WriteData.ToArray();
    }

    public bool IsDownstream => new BusTransaction { Op = _op }.IsDownstream;

    /// <summary>It arrives, unless what it was for is gone: the card, the vector, the pin's level.</summary>
    public void Deliver(PciSlot slot, FaultInjector faults)
    {
        if (faults.Presence.IsGone || !slot.Interrupts.StillMeans(_op, (int)_address)) return;
        var transaction = new BusTransaction { Op = _op, Bar = _bar, Address = _address, WriteData = _data, IsFaulted = true };
        _next.Send(ref transaction);
    }
}
