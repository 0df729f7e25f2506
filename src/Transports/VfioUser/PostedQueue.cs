namespace Understudy.Transports.VfioUser;

/// <summary>What a device has posted and the machine has not taken yet: DMA writes by message, and behind them, in order, whatever else the
/// device sends. A model puts things in under the bus's lock and never waits; one thread takes them out.</summary>
sealed class PostedQueue(VfioUserServer device)
{
    const long MostBytes = 64 << 20;
    readonly Queue<Posted> _queue = new();
    readonly object _gate = new();
    Thread? _thread;
    long _bytes;
    bool _stopping;

    /// <summary>Nothing is waiting and nothing is on its way.</summary>
    public bool IsEmpty
    {
        get { lock (_gate) return _queue.Count == 0; }
    }

    public void Start()
    {
        _thread = new Thread(Drain) { IsBackground = true, Name = $"vfio-user {device.Name} posted" };
        _thread.Start();
    }

    public void Stop()
    {
        lock (_gate)
        {
            _stopping = true;
            Monitor.Pulse(_gate);
        }
    }

    public void Join() => _thread?.Join();

    /// <summary>Posts a write.</summary>
    /// <returns>False when the machine takes them so slowly that no more may wait.</returns>
    public bool Write(ulong address, ReadOnlySpan<byte> source, bool byMessage)
    {
        lock (_gate)
        {
            if (_bytes + source.Length > MostBytes) return false;
            _bytes += source.Length;
        }
        Add(byMessage ? Kind.Message : Kind.Write, address, source.ToArray());
        return true;
    }

    public void SetIntx(bool asserted) => Add(asserted ? Kind.Assert : Kind.Deassert, 0, []);

    public void SendMessage(int vector) => Add(Kind.Interrupt, (ulong)vector, []);

    void Add(Kind kind, ulong address, byte[] data)
    {
        var posted = new Posted(kind, address, data, device.ClientMemory);
        lock (_gate)
        {
            _queue.Enqueue(posted);
            Monitor.Pulse(_gate);
        }
    }

    void Drain()
    {
        while (Next() is { } posted)
        {
            Deliver(posted);
            lock (_gate)
            {
                // Only now: until it has arrived, whatever the device sends next must queue behind it.
                _queue.Dequeue();
                _bytes -= posted.Data.Length;
            }
        }
    }

    Posted? Next()
    {
        lock (_gate)
        {
            while (!_stopping && _queue.Count == 0) Monitor.Wait(_gate);
            return _stopping ? null : _queue.Peek();
        }
    }

    void Deliver(Posted posted)
    {
        if (posted.Kind == Kind.Message)
        {
            if (posted.Machine is { } machine && !machine.WriteAsync(posted.Address, posted.Data).GetAwaiter().GetResult() && IsFor(machine))
                device.Found("vfio-user-write", $"the machine refused a DMA write of {posted.Data.Length} bytes at 0x{posted.Address:x}");
            return;
        }
        lock (device.Clock.Gate)
            switch (posted.Kind)
            {
                case Kind.Assert: device.Lines.SetIntx(true); break;
                case Kind.Deassert: device.Lines.SetIntx(false); break;
                case Kind.Interrupt when IsFor(posted.Machine): device.Lines.Send((int)posted.Address); break;
                case Kind.Write when IsFor(posted.Machine): device.Memory.Write(posted.Address, posted.Data); break;
            }
    }

    /// <summary>Whether the machine is still the one it was posted to.</summary>
    bool IsFor(ClientMemory? machine) => ReferenceEquals(machine, device.ClientMemory);

    enum Kind { Message, Write, Interrupt, Assert, Deassert }

    sealed record Posted(Kind Kind, ulong Address, byte[] Data, ClientMemory? Machine);
}
