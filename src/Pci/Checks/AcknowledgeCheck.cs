namespace Understudy.Pci;

/// <summary>An interrupt that reached the machine, whose cause then stays while the driver goes on using the card.</summary>
sealed class AcknowledgeCheck() : BusCheck("interrupt-unacknowledged")
{
    // Device time may jump while the machine is slow, so that time alone says nothing.
    const long Patience = 1_000_000_000;
    const int Accesses = 100;

    const int Pin = -1, None = -2;

    int _pending = None, _accesses;
    long _since;

    public override void After(in BusTransaction transaction)
    {
        if (transaction.Op is BusOp.MmioRead or BusOp.MmioWrite) Accessed();
        else if (transaction.Op is BusOp.Interrupt or BusOp.IntxAssert && transaction.Status == BusStatus.Ok)
            (_pending, _accesses, _since) = (transaction.Op == BusOp.Interrupt ? (int)transaction.Address : Pin, 0, Slot.Clock.Now);
        else if (transaction.Op is BusOp.IntxDeassert or BusOp.Reset) _pending = None;
    }

    void Accessed()
    {
        if (_pending == None) return;
        if (_pending != Pin && !Slot.Interrupts.IsAsserted(_pending)) _pending = None;
        else if (++_accesses >= Accesses && Slot.Clock.Now - _since >= Patience && IsNew((ulong)_pending))
            Found($"{(_pending == Pin ? "the INTx pin" : $"vector {_pending}")} was raised {(Slot.Clock.Now - _since) / 1_000_000} ms of device time and {_accesses} accesses ago, and its cause is still there");
    }
}
