using Understudy.Linux;

namespace Understudy.Vfio;

/// <summary>Carries a card's interrupts to whoever stands in for it, under the lock of the slot that is in.</summary>
sealed class ProxyInterrupts : IDisposable
{
    const int MostAtOnce = 31;       // and one that ends the wait
    readonly InterruptSet _set;
    readonly Lock _gate;
    readonly Action<int> _fired;
    readonly EventFd _over = EventFd.Create();
    bool _ended;

    public ProxyInterrupts(InterruptSet set, Lock gate, Action<int> fired)
    {
        (_set, _gate, _fired) = (set, gate, fired);
        for (var first = 0; first < set.Count; first += MostAtOnce)
        {
            var some = Enumerable.Range(first, Math.Min(MostAtOnce, set.Count - first)).Select(i => set[i]).ToArray();
            new Thread(() => Carry(some)) { IsBackground = true, Name = $"interrupts from vector {first} on" }.Start();
        }
    }

    public void Unmask() => _set[0].Unmask();

    // Under the lock: a thread that waits for it finds that it is over.
    public void Dispose()
    {
        _ended = true;
        _over.Signal();
        _set.Dispose();
    }

    void Carry(Interrupt[] some)
    {
        FileDescriptor[] events = [_over, .. some.Select(one => one.Event)];
        try
        {
            while (true)
            {
                FileDescriptor.WaitAnyReadable(events, Timeout.InfiniteTimeSpan);
                lock (_gate)
                {
                    if (_ended) return;
                    foreach (var one in some)
                        if (one.Take() > 0) _fired(one.Vector);
                }
            }
        }
        catch (ObjectDisposedException)
        {
            return;      // the set was closed while nobody waited on it
        }
    }
}
