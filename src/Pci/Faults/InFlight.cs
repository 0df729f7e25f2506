namespace Understudy.Pci;

/// <summary>What faults have taken off the bus, or put on it by themselves.</summary>
sealed class InFlight
{
    const long LongestHold = 1_000_000;

    readonly PciSlot _slot;
    readonly FaultInjector _faults;
    readonly PostedQueue _down, _up;
    readonly List<Held> _held = [];

    public InFlight(PciSlot slot, FaultInjector faults)
    {
        (_slot, _faults) = (slot, faults);
        _down = new PostedQueue(slot, faults, "fault: a late write arrives");
        _up = new PostedQueue(slot, faults, "fault: a late DMA write arrives");
    }

    /// <summary>What crosses the bus now is a fault itself.</summary>
    public bool IsOwn { get; private set; }

    public bool IsHeld => _held.Count > 0 || !_down.IsEmpty || !_up.IsEmpty;

    /// <summary>The way on, which may be blocked by what is late.</summary>
    public BusPath Behind(BusOp op, BusPath next)
    {
        var queue = OpSet.Access.Has(op) || op == BusOp.Reset ? _down : _up;
        if (queue.IsEmpty) return next;
        if (op is not (BusOp.ConfigRead or BusOp.ConfigWrite or BusOp.MmioRead or BusOp.DmaRead or BusOp.Reset)) return queue.Behind(next);
        queue.Flush();
        return next;
    }

    /// <summary>An access is over. Where it has an answer, that comes behind all that the card posted before it (PCI Express Base 5.0, 2.4.1).</summary>
    public void Answered(BusOp op)
    {
        if (op is BusOp.ConfigRead or BusOp.MmioRead) _up.Flush();
    }

    /// <summary>It arrives so much later, and what is posted after it waits behind it.</summary>
    public void Later(ref BusTransaction transaction, BusPath next, long nanoseconds)
    {
        (transaction.IsDownstream ? _down : _up).Add(ref transaction, next, nanoseconds);
        _faults.Wake();
    }

    /// <summary>It arrives so much later; nothing waits for it.</summary>
    public void Alone(ref BusTransaction transaction, BusPath next, long nanoseconds)
    {
        var posted = new PostedTransaction(ref transaction, next);
        After(nanoseconds, $"fault: a late {transaction.Op}", () => posted.Deliver(_slot, _faults));
    }

    /// <summary>It arrives after the next of its direction, or after a millisecond of device time.</summary>
    public void Hold(ref BusTransaction transaction, BusPath next)
    {
        var held = new Held(new PostedTransaction(ref transaction, next));
        held.Deadline = After(LongestHold, $"fault: an overtaken {transaction.Op}", () => Release(held));
        _held.Add(held);
        _faults.Wake();
    }

    /// <summary>A transaction has passed: what it was to overtake comes now.</summary>
    public void Overtaken(bool downstream)
    {
        for (var i = 0; i < _held.Count;)
        {
            var held = _held[i];
            if (held.IsNew || held.Transaction.IsDownstream != downstream) (held.IsNew, i) = (false, i + 1);
            else Release(held);
        }
    }

    /// <summary>Does something as an event of its own, when nothing else is in the middle of anything.</summary>
    public DeviceTimer After(long nanoseconds, string name, Action action)
    {
        var timer = _slot.NewBusTimer(action, name);
        timer.Arm(nanoseconds);
        return timer;
    }

    /// <summary>Sends an interrupt that no line asserts.</summary>
    public void Send(BusOp op, int vector)
    {
        IsOwn = true;
        try
        {
            _slot.SendUp(op, (ulong)vector);
        }
        finally
        {
            IsOwn = false;
        }
    }

    void Release(Held held)
    {
        _held.Remove(held);
        held.Deadline?.Cancel();
        held.Transaction.Deliver(_slot, _faults);
        _faults.Wake();
    }

    sealed class Held(PostedTransaction transaction)
    {
        public PostedTransaction Transaction => transaction;

        public DeviceTimer? Deadline { get; set; }

        public bool IsNew { get; set; } = true;
    }
}
