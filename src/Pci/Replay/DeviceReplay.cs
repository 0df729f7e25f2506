namespace Understudy.Pci;

/// <summary>Makes a fresh device do again what a <see cref="DeviceRecorder"/> wrote down: feeds it the machine's transactions, the data of its DMA
/// reads, time and orders, and stops at the first thing it does that was not recorded. There is no machine and no thread: in a debugger it stops
/// wherever one likes.</summary>
public sealed class DeviceReplay
{
    readonly RecordReader _recording;
    readonly ManualClock _clock = new();
    readonly ReplayBus _bus;
    readonly ReplayEdge _edge;
    readonly TraceRecorder _trace = new();
    readonly PciSlot _slot;
    readonly Action<PciDevice, string>? _orders;

    DeviceReplay(RecordReader recording, PciDevice device, Action<PciDevice, string>? orders)
    {
        (_recording, _orders, _bus) = (recording, orders, new ReplayBus(recording.Header, _clock));
        _clock.Advance(recording.Header.StartNanoseconds);
        _edge = new ReplayEdge(recording, _trace);
        _slot = new PciSlot(_bus, device, [_trace, _edge], recording.Header.Seed);
    }

    /// <summary>What a recording is of.</summary>
    /// <exception cref="InvalidDataException">It is no recording, or one of a newer version.</exception>
    public static RecordHeader ReadHeader(Stream recording) => new RecordReader(recording).Header;

    /// <summary>Replays a recording.</summary>
    /// <param name="recording">What was written.</param>
    /// <param name="create">Makes the device from what the recording says of it.</param>
    /// <param name="orders">Does to the device what words say; null where there are no such words.</param>
    /// <param name="until">Stops before this entry, counted from 0; null for no such limit.</param>
    /// <param name="untilNanoseconds">Stops before the first entry later than this in device time; null for no such limit.</param>
    /// <exception cref="InvalidDataException">It is no recording, or one of a newer version.</exception>
    public static ReplayResult Run(Stream recording, Func<RecordHeader, PciDevice> create, Action<PciDevice, string>? orders = null, long? until = null, long? untilNanoseconds = null)
    {
        ArgumentNullException.ThrowIfNull(recording);
        ArgumentNullException.ThrowIfNull(create);
        var reader = new RecordReader(recording);
        return new DeviceReplay(reader, create(reader.Header), orders).Run(until ?? long.MaxValue, untilNanoseconds ?? long.MaxValue);
    }

    ReplayResult Run(long until, long untilNanoseconds)
    {
        while (_recording.HasNext && _edge.Difference is null)
        {
            if (_recording.Number >= until || _recording.Next.DeviceTime > untilNanoseconds) return Ended(ReplayEnd.Stopped, "");
            var before = _recording.Number;
            if (Step() is { } cannot) return Ended(ReplayEnd.NotReplayable, cannot);
            if (_edge.Difference is null && _recording.Number == before) _edge.Missing();
        }
        if (_edge.Difference is { } difference) return Ended(ReplayEnd.Different, difference);
        return Ended(ReplayEnd.Equal, _recording.IsTorn ? "the recording breaks off in the middle of an entry" : "");
    }

    ReplayResult Ended(ReplayEnd end, string text) => new(end, _edge.Difference is null ? _recording.Number : _edge.Equal, _clock.Now, text, _trace.Tail(20));

    // What comes next from outside; what the device does on it is compared at its edge.
    string? Step()
    {
        var next = _recording.Next;
        _bus.IsPowered = next.IsPowered != 0;
        if (next.DeviceTime > _clock.Now) _clock.Advance(next.DeviceTime - _clock.Now);
        if (_edge.Difference is not null) return null;
        switch (next.Kind)
        {
            case RecordKind.Begin: Access(next); return null;
            case RecordKind.Reset: Reset(next.Address != 0); return null;
            case RecordKind.Order: return Order(_recording.Text);
            case RecordKind.Stimulus: return $"'{_recording.Text}' was done to the device in C#, and cannot be done again from a recording: only what is said in words can ('device NAME ...' in the guest)";
            default: return null;
        }
    }

    void Access(in RecordEntry begin)
    {
        var read = begin.Op is BusOp.ConfigRead or BusOp.MmioRead ? new byte[begin.Length] : [];
        var written = _recording.Payload.ToArray();
        switch (begin.Op)
        {
            case BusOp.ConfigRead: _slot.ReadConfig((int)begin.Address, read); break;
            case BusOp.ConfigWrite: _slot.WriteConfig((int)begin.Address, written); break;
            case BusOp.MmioRead: _slot.Read(begin.Bar, begin.Address, read); break;
            case BusOp.MmioWrite: _slot.Write(begin.Bar, begin.Address, written); break;
            default: _slot.Reset(); break;
        }
    }

    void Reset(bool function)
    {
        lock (_clock.Gate)
        {
            if (function) _slot.ResetFunction();
            else _slot.ResetDevice();
        }
    }

    string? Order(string words)
    {
        if (_orders is null) return $"'{words}' was ordered, and nobody here takes orders";
        try
        {
            _slot.Order<object?>(words, words, device => { _orders(device, words); return null; });
            return null;
        }
        catch (FormatException wrong)
        {
            return $"'{words}' was ordered, and is no order of this device now: {wrong.Message}";
        }
    }
}
