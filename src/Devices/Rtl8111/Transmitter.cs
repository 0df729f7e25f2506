using Understudy.Pci;

namespace Understudy.Devices;

/// <summary>One transmit queue: fetches descriptors in batches some time after the doorbell, puts frames together and hands them to the
/// <see cref="TransmitOffload"/>. Bounded in every direction: a batch is 64 descriptors, a frame as long as the longest large send.</summary>
sealed class Transmitter
{
    const int Batch = 64;
    const int LongestFrame = 0x10200;
    readonly Rtl8111 _nic;
    readonly RegisterFile _registers;
    readonly DescriptorRing _ring;
    readonly Flag _poll;
    readonly string _name;
    readonly TransmitOffload _offload;
    readonly byte[] _frame = new byte[TransmitOffload.Headroom + LongestFrame];
    DeviceTimer? _fetch;
    int _length;
    bool _inFrame, _tooLong;
    Descriptor _first;

    public Transmitter(Rtl8111 nic, RegisterFile registers, Bits ringLow, Register ringHigh, Flag poll, string name)
    {
        (_nic, _registers, _poll, _name) = (nic, registers, poll, name);
        _ring = new DescriptorRing(nic, registers, ringLow, ringHigh, $"{name} transmit");
        _offload = new TransmitOffload(nic);
        registers.OnWrite(poll.Register, write => { if (write.Sets(poll)) Doorbell(); });
    }

    /// <summary>Doorbells are not heard until the next chip reset.</summary>
    public bool Stalled { get; set; }

    public void PluggedIn(Func<Action, string, DeviceTimer> timer) => _fetch = timer(Fetch, $"transmit {_name}");

    public void Reset()
    {
        _fetch?.Cancel();
        _ring.Restart();
        (_inFrame, _tooLong, _length, Stalled) = (false, false, 0, false);
    }

    void Doorbell()
    {
        if (!_registers[Rtl8111Registers.TxEnable]) _nic.Find("doorbell-while-disabled", $"the {_name} transmit queue was polled while the transmitter is off");
        else if (!_nic.CanMaster) _nic.Find("doorbell-without-bus-master", $"the {_name} transmit queue was polled while Bus Master Enable is off");
        else Resume();
    }

    /// <summary>Goes on after bus mastering was off.</summary>
    public void Resume()
    {
        if (_registers[_poll] && !Stalled && _fetch is { IsArmed: false }) _fetch.Arm(Rtl8111Timing.Transmit);
    }

    void Fetch()
    {
        if (!_nic.CanMaster) return; // the doorbell stays as it is written
        var frames = 0;
        var outcome = Next.Idle;
        if (_registers[Rtl8111Registers.TxEnable])
            for (var i = 0; i < Batch; i++)
                if ((outcome = FetchOne(ref frames)) != Next.More) break;
        if (frames > 0) _nic.Signal(Rtl8111Registers.TxOk, frames);
        if (outcome == Next.More)
        {
            _fetch!.Arm(Rtl8111Timing.NextBatch);
            return;
        }
        _registers[_poll] = false;
        if (outcome == Next.Failed) _nic.Raise(Rtl8111Registers.SystemError);
        else _nic.Raise(Rtl8111Registers.TxDescUnavailable);
    }

    Next FetchOne(ref int frames)
    {
        if (!_ring.Read(out var descriptor)) return Next.Failed;
        if (!descriptor.Is(Descriptor.Own)) return Next.Idle;
        if (!Gather(descriptor)) return Next.Failed;
        var complete = _inFrame && descriptor.Is(Descriptor.LastSegment);
        if (complete && Finish()) frames++;
        return _ring.Return(descriptor, writeOptions2: false) ? Next.More : Next.Failed;
    }

    bool Gather(in Descriptor descriptor)
    {
        if (descriptor.Is(Descriptor.FirstSegment))
        {
            if (_inFrame) _nic.Find("tx-frame-unfinished", $"a first segment follows one without a last on the {_name} transmit ring");
            (_inFrame, _tooLong, _length, _first) = (true, false, 0, descriptor);
        }
        else if (!_inFrame)
        {
            _nic.Find("tx-segment-without-first", $"a segment without a first one before it on the {_name} transmit ring");
            return true;
        }
        if (descriptor.TxLength == 0) _nic.Find("tx-segment-empty", $"a segment of no bytes on the {_name} transmit ring");
        if (_tooLong |= descriptor.TxLength > LongestFrame - _length) return true;
        if (descriptor.TxLength > 0 && !_nic.Memory.Read(descriptor.Address, _frame.AsSpan(TransmitOffload.Headroom + _length, descriptor.TxLength))) return false;
        _length += descriptor.TxLength;
        return true;
    }

    bool Finish()
    {
        _inFrame = false;
        if (_tooLong)
        {
            _nic.Find("tx-frame-too-long", $"a frame of more than {LongestFrame} bytes on the {_name} transmit ring");
            _nic.TransmitFailed();
            return false;
        }
        return _offload.Send(_frame, _length, _first);
    }

    enum Next
    {
        Idle,
        More,
        Failed,
    }
}
