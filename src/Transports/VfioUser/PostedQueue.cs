using Understudy.Pci;

namespace Understudy.Transports.VfioUser;

/// <summary>What a device has posted and the machine has not taken yet: DMA writes by message, and behind them, in order, whatever else the
/// device sends. A model puts things in under the bus's lock and never waits; one thread takes them out.</summary>
sealed class PostedQueue(DeviceServer device)
{
    const long MostBytes = 64 << 20;
    readonly Queue<Posted> _queue = new();
    readonly SemaphoreSlim _arrived = new(0);
    readonly Lock _gate = new();
    long _bytes;
    volatile bool _stopping;

    /// <summary>Nothing is waiting and nothing is on its way.</summary>
    public bool IsEmpty
    {
        get { lock (_gate) return _queue.Count == 0; }
    }

    public void Start() => new Thread(Drain) { IsBackground = true, Name = $"vfio-user {device.Name} posted" }.Start();

    public void Stop()
    {
        _stopping = true;
        _arrived.Release();
    }

    /// <summary>Posts a write.</summary>
    /// <returns>False when the machine takes them so slowly that no more may wait.</returns>
    public bool Write(ulong address, ReadOnlySpan<byte> source, bool byMessage)
    {
        lock (_gate)
        {
            if (_bytes + source.Length > MostBytes) return false;
            _bytes += source.Length;
        }
        Add(new Posted(byMessage ? Kind.Message : Kind.Write, address, source.ToArray()));
        return true;
    }

    public void SetIntx(bool asserted) => Add(new Posted(asserted ? Kind.Assert : Kind.Deassert, 0, []));

    public void SendMessage(int vector) => Add(new Posted(Kind.Interrupt, (ulong)vector, []));

    void Add(Posted posted)
    {
        lock (_gate) _queue.Enqueue(posted);
        _arrived.Release();
    }

    void Drain()
    {
        for (_arrived.Wait(); !_stopping; _arrived.Wait())
        {
            Posted posted;
            lock (_gate) posted = _queue.Peek();
            Deliver(posted);
            lock (_gate)
            {
                // Only now: until it has arrived, whatever the device sends next must queue behind it.
                _queue.Dequeue();
                _bytes -= posted.Data.Length;
            }
        }
    }

    void Deliver(Posted posted)
    {
        if (posted.Kind == Kind.Message)
        {
            if (device.ClientMemory is { } memory && !memory.WriteAsync(posted.Address, posted.Data).GetAwaiter().GetResult())
                device.Found("vfio-user-write", $"the machine refused a DMA write of {posted.Data.Length} bytes at 0x{posted.Address:x}");
            return;
        }
        lock (device.Clock.Gate)
            switch (posted.Kind)
            {
                case Kind.Assert: device.Lines.SetIntx(true); break;
                case Kind.Deassert: device.Lines.SetIntx(false); break;
                case Kind.Interrupt: device.Lines.Send((int)posted.Address); break;
                default: device.Memory.Write(posted.Address, posted.Data); break;
            }
    }

    enum Kind { Message, Write, Interrupt, Assert, Deassert }

    sealed record Posted(Kind Kind, ulong Address, byte[] Data);
}
