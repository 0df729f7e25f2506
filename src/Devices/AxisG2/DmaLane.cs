using Understudy.Pci;
using static Understudy.Devices.AxisG2Registers;

namespace Understudy.Devices;

/// <summary>One DMA channel: memory to stream (AxiStreamDmaV2Read, one request at a time) and stream to memory (AxiStreamDmaV2Write, a
/// buffer open for each of 256 destinations). When there is no free buffer the stream stands still; nothing is ever dropped.</summary>
sealed class DmaLane(AxisG2 card, RegisterFile registers, DmaEngine engine, int number)
{
    /// <summary>Bytes moved at most in one step of the model.</summary>
    public const int MostInOneStep = 1 << 16;

    const long Latency = 100;
    readonly byte[] _piece = new byte[MostInOneStep];
    readonly OpenBuffer[] _open = new OpenBuffer[256];
    DeviceTimer? _step, _unacknowledged;
    TxDescriptor _tx;
    uint _sent, _txResult;
    bool _sending, _delivered, _starved, _feed, _stuck, _answered, _timedOut;
    byte _stuckDest;

    public void PluggedIn(Func<Action, string, DeviceTimer> timer)
    {
        _step = timer(Step, $"lane {number}");
        _unacknowledged = timer(GiveUp, $"lane {number} waits for memory");
    }

    public bool IsSending => _sending;

    /// <summary>Forgets everything half done.</summary>
    public void Reset()
    {
        _step?.Cancel();
        _unacknowledged?.Cancel();
        for (var i = 0; i < _open.Length; i++)
        {
            if (_open[i].IsOpen) engine.Forget(_open[i].Index);
            _open[i] = default;
        }
        if (_sending) engine.Forget(_tx);
        (_sending, _starved, _feed, _stuck, _answered) = (false, false, false, false, false);
    }

    /// <summary>Begins to send a descriptor.</summary>
    public void Begin(in TxDescriptor descriptor)
    {
        (_tx, _sent, _txResult, _sending, _delivered) = (descriptor, 0, 0, true, false);
        CheckWidth(descriptor.Address);
        if (descriptor.Size == 0) card.Find("tx-without-bytes", "a descriptor of no bytes was posted for sending");
        ArmStep();
    }

    /// <summary>There may be buffers again, or bus mastering is on again, or the endpoint asked to be woken.</summary>
    public void Feed()
    {
        _feed = true;
        ArmStep();
    }

    /// <summary>A frame waits for a free buffer.</summary>
    public bool IsStarved => _starved;

    void ArmStep()
    {
        if (_step is { IsArmed: false }) _step.Arm(Latency + Duration(_sending ? Math.Min(_tx.Size - _sent, MostInOneStep) : 0));
    }

    long Duration(uint bytes) => card.Options.NanosecondsFor(bytes / (uint)card.Options.BusBytes);

    void Step()
    {
        if (!engine.IsOn || !card.CanMaster) return;
        if (_answered) EndWait();
        if (_feed)
        {
            _feed = false;
            card.Stream.Resume(number);
        }
        if (_sending && card.Stream.IsReady(number)) Send();
        if (_feed || (_sending && card.Stream.IsReady(number))) ArmStep();
    }

    void Send()
    {
        if (_delivered)
        {
            Finish(); // the stream has taken the last of it
            return;
        }
        var piece = _piece.AsSpan(0, (int)Math.Min(_tx.Size - _sent, MostInOneStep));
        if (!Read(piece))
        {
            _txResult = 3;
            piece = [];
        }
        var first = _sent == 0;
        _sent = _txResult == 0 ? _sent + (uint)piece.Length : _tx.Size;
        card.Count.TxBytes += piece.Length;
        card.Stream.Send(new StreamChunk
        {
            Lane = number, Dest = _tx.Dest, FirstUser = _tx.FirstUser, LastUser = _tx.LastUser, First = first, Last = _sent == _tx.Size && !_tx.Continues, Data = piece,
        });
        _delivered = _sent == _tx.Size;
        if (_delivered && card.Stream.IsReady(number)) Finish();
    }

    bool Read(Span<byte> piece)
    {
        if (_tx.Address != 0) return piece.IsEmpty || card.Memory.Read(_tx.Address + _sent, piece);
        card.Find("null-address", "a descriptor for sending has address 0");
        return false;
    }

    void Finish()
    {
        _sending = false;
        if (!_tx.Continues) card.Count.TxFrames++;
        if (_txResult != 0) card.Count.Errors++;
        engine.Return(_tx, _txResult);
        card.StartLanes();
    }

    /// <summary>Data from the stream.</summary>
    public bool Receive(in StreamChunk chunk, out int taken)
    {
        taken = 0;
        while (true)
        {
            if (_stuck || !engine.IsOn || !card.CanMaster) return false;
            ref var buffer = ref _open[chunk.Dest];
            if (!buffer.IsOpen && !Open(ref buffer, chunk, taken)) return false;
            taken += Fill(ref buffer, chunk.Data[taken..]);
            if (taken == chunk.Data.Length && chunk.Last)
            {
                Close(ref buffer, chunk.Dest, continues: false, chunk.LastUser);
                return true;
            }
            if (buffer.Left < card.Options.BusBytes && registers[SplitFrames] && !buffer.Drops) Close(ref buffer, chunk.Dest, continues: true, lastUser: 0);
            if (taken == chunk.Data.Length) return true;
        }
    }

    bool Open(ref OpenBuffer buffer, in StreamChunk chunk, int taken)
    {
        var there = engine.TryTakeFree(out var free);
        if (there == _starved) engine.Starve(_starved = !there);
        if (!there) return false;
        var room = (uint)registers[MaxSize];
        buffer = new OpenBuffer
        {
            IsOpen = true, Index = free.Index, Address = free.Address, Left = room - room % (uint)card.Options.BusBytes, Id = chunk.Id,
            FirstUser = chunk.First && taken == 0 ? chunk.FirstUser : (byte)0, Drops = registers[DropFrames],
        };
        CheckWidth(free.Address);
        if (free.Address != 0) return true;
        card.Find("null-address", "a free buffer has address 0");
        buffer.Response = 3;
        return true;
    }

    void CheckWidth(ulong address)
    {
        if (card.Options.AddressBits is > 0 and < 40 and var bits && address >> bits != 0)
            card.Find("address-too-wide", $"a buffer is at 0x{address:x}, and the card told the driver that it has {bits} address bits");
    }

    // Takes all it can; what is over the buffer's end is swallowed unless frames are split.
    int Fill(ref OpenBuffer buffer, ReadOnlySpan<byte> data)
    {
        var fits = data[..(int)Math.Min((uint)data.Length, buffer.Left)];
        if (buffer.Drops) return data.Length;
        if (fits.Length > 0 && buffer.Response == 0 && !card.Memory.Write(buffer.Address + buffer.Filled, fits)) buffer.Response = 3;
        buffer.Filled += (uint)fits.Length;
        buffer.Left -= (uint)fits.Length;
        card.Count.RxBytes += fits.Length;
        if (fits.Length == data.Length || registers[SplitFrames]) return fits.Length;
        buffer.Overflows = true;
        return data.Length;
    }

    void Close(ref OpenBuffer buffer, byte dest, bool continues, byte lastUser)
    {
        (buffer.Continues, buffer.LastUser) = (continues, lastUser);
        if (card.NextFault == CompletionFault.Unacknowledged)
        {
            card.TakeFault();
            (_stuck, _stuckDest) = (true, dest);
            if (card.Options.Version >= 5) _unacknowledged!.Arm(card.Options.NanosecondsFor(registers[WriteTimeout]));
            return;
        }
        Complete(ref buffer, dest, timedOut: false);
    }

    void GiveUp()
    {
        if (!engine.IsOn)
        {
            _stuck = false;
            return;
        }
        _open[_stuckDest].Response = 3;
        Answered(timedOut: true);
    }

    /// <summary>The memory answers after all.</summary>
    public void Unstick()
    {
        if (!_stuck) return;
        _unacknowledged!.Cancel();
        Answered(timedOut: false);
    }

    // The completion is written as soon as the bus may be had.
    void Answered(bool timedOut)
    {
        (_answered, _timedOut) = (true, timedOut);
        if (card.CanMaster) EndWait();
        Feed();
    }

    void EndWait()
    {
        (_stuck, _answered) = (false, false);
        Complete(ref _open[_stuckDest], _stuckDest, _timedOut);
    }

    void Complete(ref OpenBuffer buffer, byte dest, bool timedOut)
    {
        var closed = buffer;
        buffer = default;
        if (closed.Response != 0 || closed.Overflows) card.Count.Errors++;
        if (!closed.Continues) card.Count.RxFrames++;
        card.Complete(closed, new RingEntry
        {
            Result = (uint)closed.FirstUser << 24 | (uint)closed.LastUser << 16 | (uint)closed.Id << 8 | (timedOut ? 0x10u : 0) | (closed.Continues ? 8u : 0)
                | (closed.Overflows ? 4u : 0) | closed.Response,
            Index = closed.Index,
            Size = closed.Filled,
            Owner = RingEntry.Valid | (uint)number << 8 | dest,
        });
    }
}
