namespace Understudy.Pci;

/// <summary>Posted transactions of one direction on their way. They stay in order, as PCI Express has it: what is posted later waits
/// behind a late one, and a read of that direction pushes them all before it (PCI Express Base 5.0, 2.4.1).</summary>
sealed class PostedQueue : BusPath
{
    const int Most = 4096;

    readonly Queue<(PostedTransaction Transaction, long Due)> _queue = new();
    readonly PciSlot _slot;
    readonly FaultInjector _faults;
    readonly DeviceTimer _timer;
    BusPath? _next;

    public PostedQueue(PciSlot slot, FaultInjector faults, string name)
    {
        (_slot, _faults) = (slot, faults);
        _timer = slot.NewBusTimer(Arrive, name);
    }

    public bool IsEmpty => _queue.Count == 0;

    /// <summary>The way for what comes after something late.</summary>
    public BusPath Behind(BusPath next)
    {
        _next = next;
        return this;
    }

    public override void Send(ref BusTransaction transaction) => Add(ref transaction, _next!, 0);

    public void Add(ref BusTransaction transaction, BusPath next, long nanoseconds)
    {
        if (_queue.Count == Most) Flush();
        _queue.Enqueue((new PostedTransaction(ref transaction, next), _slot.Clock.Now + nanoseconds));
        if (!_timer.IsArmed) Wait();
    }

    public void Flush()
    {
        while (_queue.TryDequeue(out var first)) first.Transaction.Deliver(_slot, _faults);
        _timer.Cancel();
    }

    void Arrive()
    {
        while (_queue.TryPeek(out var first) && first.Due <= _slot.Clock.Now) _queue.Dequeue().Transaction.Deliver(_slot, _faults);
        if (_queue.Count > 0) Wait();
    }

    void Wait() => _timer.Arm(Math.Max(0, _queue.Peek().Due - _slot.Clock.Now));
}
