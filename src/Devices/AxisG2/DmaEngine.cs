using Understudy.Pci;
using static Understudy.Devices.AxisG2Registers;

namespace Understudy.Devices;

/// <summary>The descriptor side of the engine (AxiStreamDmaV2Desc): the FIFOs behind the doorbells, both rings, buffer groups, and what
/// the driver may not do with them. The data side are the <see cref="DmaLane"/>s.</summary>
sealed class DmaEngine
{
    const int DeepestFifo = 1 << 16;
    readonly AxisG2 _card;
    readonly RegisterFile _registers;
    readonly BufferLedger _rxHeld = new(), _txHeld = new();
    readonly uint[] _groups = new uint[8];
    WordFifo _readA, _readB, _readC, _readD, _writeA, _writeB;
    ulong _wrIndex, _rdIndex, _missed;
    RingEntry? _whenDisabled, _whenEnabled;
    uint _enabled;
    int _waiting;
    long _waitingSince;

    public DmaEngine(AxisG2 card, RegisterFile registers)
    {
        (_card, _registers) = (card, registers);
        Resize();
        registers
            .OnWrite(EnableVer, EnableWritten)
            .OnWrite(FifoReset, _ => { if (registers[HoldFifos]) EmptyFifos(); })
            .OnWrite(ReadFifoD, write => Push(_readD!, write, "readFifoD"))
            .OnWrite(ReadFifoC, write => Push(_readC!, write, "readFifoC"))
            .OnWrite(ReadFifoB, write => Push(_readB!, write, "readFifoB"))
            .OnWrite(ReadFifoA, write => { if (Push(_readA!, write, "readFifoA")) TxPosted(); })
            .OnWrite(WriteFifoB, write => Push(_writeB!, write, "writeFifoB"))
            .OnWrite(WriteFifoA, write => { if (Push(_writeA!, write, "writeFifoA")) RxPosted(); })
            .OnWrite(Acknowledge, write => { if (write.Sets(AcknowledgePulse)) card.Count.ReadAcks++; })
            .OnRead(EnableVer, () => (ulong)card.Options.Version << 24 | (card.Options.Desc128 ? Desc128En.Mask : 0) | (ulong)_enabled << 8 | registers[EnableVer] & 1)
            .OnRead(HwWrIndex, () => _wrIndex)
            .OnRead(HwRdIndex, () => _rdIndex)
            .OnRead(WrReqMissed, Missed);
        foreach (var (low, high) in ((Register, Register)[])[(WrBaseAddrLow, WrBaseAddrHigh), (RdBaseAddrLow, RdBaseAddrHigh)])
        {
            registers.OnWrite(low, write => RingMoved(low, write));
            registers.OnWrite(high, write => RingMoved(high, write));
        }
        for (var i = 0; i < 8; i++) AddGroup(i);
        registers.OnWrite(IrqHoldOff, write => OnlyFrom(3, IrqHoldOff, write)).OnWrite(WriteTimeout, write => OnlyFrom(5, WriteTimeout, write));
    }

    public bool IsOn => _registers[Enable];

    /// <summary>Free buffers in the FIFO.</summary>
    public int Free => Math.Min(_writeA.Count, _writeB.Count);

    /// <summary>Buffers the engine holds, for receiving and for sending.</summary>
    public (int Rx, int Tx) Held => (_rxHeld.Count, _txHeld.Count);

    /// <summary>A group holds as many buffers as its threshold, or more.</summary>
    public bool IsPaused(int group) => _card.Options.Version >= 4 && _registers[BgThold[group]] is not 0 and var most && _groups[group] >= most;

    /// <summary>Another firmware: FIFOs of another depth.</summary>
    [System.Diagnostics.CodeAnalysis.MemberNotNull(nameof(_readA), nameof(_readB), nameof(_readC), nameof(_readD), nameof(_writeA), nameof(_writeB))]
    public void Resize()
    {
        var depth = (int)Math.Min(Math.Max(RingMask + 1, 2), DeepestFifo);
        (_readA, _readB, _readC, _readD) = (new WordFifo(depth), new WordFifo(depth), new WordFifo(depth), new WordFifo(depth));
        (_writeA, _writeB) = (new WordFifo(depth), new WordFifo(depth));
    }

    /// <summary>After a reset of the function: the registers are back already.</summary>
    public void Reset()
    {
        (_enabled, _whenDisabled, _whenEnabled) = (0, null, null);
        Restart();
        EmptyFifos();
    }

    /// <summary>The next descriptor to send.</summary>
    public bool TryPeekTx(out TxDescriptor descriptor)
    {
        var there = _readA.Count > 0 && _readB.Count > 0 && _readC.Count > 0 && _readD.Count > 0;
        descriptor = there ? new TxDescriptor(_readA.Oldest, _readB.Oldest, _readC.Oldest, _readD.Oldest) : default;
        return there;
    }

    public void PopTx()
    {
        _readA.Pop();
        _readB.Pop();
        _readC.Pop();
        _readD.Pop();
    }

    public bool TryTakeFree(out FreeBuffer buffer)
    {
        var there = Free > 0;
        buffer = there ? new FreeBuffer(_writeA.Pop(), _writeB.Pop()) : default;
        return there;
    }

    /// <summary>A frame begins, or ceases, to wait for a free buffer: wrReqMissed counts clocks while one does.</summary>
    public void Starve(bool begins)
    {
        if (begins)
        {
            _card.Count.Starved++;
            if (_waiting++ == 0) _waitingSince = _card.Time;
            return;
        }
        if (--_waiting == 0) _missed += _card.Options.ClocksIn(_card.Time - _waitingSince);
    }

    /// <summary>Writes a completion of the receiving side.</summary>
    public void Complete(in RingEntry entry, int group, bool returnsBuffer = true, bool torn = false)
    {
        _card.Count.RxCompleted++;
        if (returnsBuffer) _rxHeld.Return(entry.Index);
        _groups[group]++;
        Write(WrBaseAddrHigh, WrBaseAddrLow, ref _wrIndex, entry, torn);
    }

    /// <summary>Forgets a buffer whose completion is lost or wrong.</summary>
    public void Forget(uint index) => _rxHeld.Return(index);

    /// <summary>A fault: this completion comes when the driver has disabled the engine and none may come any more.</summary>
    public void WriteWhenDisabled(in RingEntry entry) => _whenDisabled = entry;

    /// <summary>A fault: this completion comes when the driver enables the engine, whatever it is a completion of then.</summary>
    public void WriteWhenEnabled(in RingEntry entry) => _whenEnabled = entry;

    /// <summary>Forgets a descriptor that was being sent.</summary>
    public void Forget(in TxDescriptor descriptor) => _txHeld.Return(descriptor.Index);

    /// <summary>Gives a sent descriptor back.</summary>
    public void Return(in TxDescriptor descriptor, uint result)
    {
        _card.Count.TxReturned++;
        _txHeld.Return(descriptor.Index);
        var entry = new RingEntry { Result = result, Index = descriptor.Index, Owner = RingEntry.Valid };
        Write(RdBaseAddrHigh, RdBaseAddrLow, ref _rdIndex, entry, torn: false);
    }

    /// <summary>The words of an entry that was written torn, with all but word 3 missing.</summary>
    public void Mend(ulong address, in RingEntry entry)
    {
        if (IsOn) _card.Memory.Write(address, System.Runtime.InteropServices.MemoryMarshal.AsBytes(new ReadOnlySpan<RingEntry>(in entry))[..RingEntry.OwnerOffset]);
    }

    void Write(Register high, Register low, ref ulong index, in RingEntry entry, bool torn)
    {
        var address = (_registers[high] << 32 | _registers[low]) + index * RingEntry.Bytes;
        index = (index + 1) & RingMask;
        if (torn)
        {
            _card.Memory.Write(address + RingEntry.OwnerOffset, entry.Owner);
            _card.MendLater(address, entry);
        }
        else _card.Memory.Publish(address, entry, RingEntry.OwnerOffset);
        _card.Gate.Count();
    }

    ulong RingMask => _card.Options.RingBits >= 32 ? uint.MaxValue : (1UL << _card.Options.RingBits) - 1;

    void EnableWritten(RegisterWrite write)
    {
        if (write.Rises(Enable))
        {
            _enabled = Math.Min(_enabled + 1, 0xFF);
            _card.Count.Enabled++;
            CheckSetup();
        }
        if (write.Falls(Enable)) WriteFaulty(ref _whenDisabled);
        if (write.Rises(Enable) || write.Falls(Enable))
        {
            Restart();
            _card.StartLanes();
        }
        if (write.Rises(Enable)) WriteFaulty(ref _whenEnabled);
    }

    void WriteFaulty(ref RingEntry? kept)
    {
        if (kept is { } entry) Write(WrBaseAddrHigh, WrBaseAddrLow, ref _wrIndex, entry, torn: false);
        kept = null;
    }

    void Restart()
    {
        (_wrIndex, _rdIndex, _missed, _waiting) = (0, 0, 0, 0);
        Array.Clear(_groups);
        _card.ResetLanes(); // what they had in hand is neither sent nor completed
        _card.Gate.Restart();
    }

    void CheckSetup()
    {
        if (_registers[MaxSize] == 0) _card.Find("enabled-without-size", "the engine was enabled with maxSize 0: it has no room for a byte");
        if (_registers[HoldFifos]) _card.Find("enabled-in-fifo-reset", "the engine was enabled while fifoReset holds the FIFOs empty");
        foreach (var (name, high, low) in ((string, Register, Register)[])[("completion", WrBaseAddrHigh, WrBaseAddrLow), ("return", RdBaseAddrHigh, RdBaseAddrLow)])
        {
            var ring = _registers[high] << 32 | _registers[low];
            if (ring == 0 || ring % RingEntry.Bytes != 0 || ring >> 40 != 0)
                _card.Find("ring-misplaced", $"the {name} ring is at 0x{ring:x}: not zero, 16-byte aligned and below 1 TiB is what the engine can use");
        }
    }

    void RingMoved(Register register, RegisterWrite write)
    {
        if (IsOn && write.Old != write.New) _card.Find("ring-moved", $"{register} was changed while the engine is enabled");
    }

    bool Push(WordFifo fifo, RegisterWrite write, string name)
    {
        if (write.Enabled != uint.MaxValue) _card.Find("partial-access", $"{name} was written with less than 32 bits");
        if (_registers[HoldFifos]) _card.Find("push-in-fifo-reset", $"{name} was written while fifoReset holds it empty: the word is lost");
        else if (!fifo.TryPush((uint)write.Written)) _card.Find("fifo-overflow", $"{name} was written while it is full: the word is lost");
        else return true;
        return false;
    }

    void TxPosted()
    {
        if (_readA.Count != _readB.Count || _readA.Count != _readC.Count || _readA.Count != _readD.Count)
            _card.Find("descriptor-torn", "readFifoA was written, and the other read FIFOs do not hold as many words: descriptors are out of step from here on");
        else
        {
            _card.Count.TxPosted++;
            if (!_txHeld.Take(LastOf(_readC))) _card.Find("tx-buffer-twice", "a buffer was posted for sending that the engine still holds");
            CheckCredits(_txHeld, "tx");
        }
        _card.StartLanes();
    }

    void RxPosted()
    {
        if (_writeA.Count != _writeB.Count)
            _card.Find("descriptor-torn", "writeFifoA was written, and writeFifoB does not hold as many words: free buffers are out of step from here on");
        else
        {
            _card.Count.RxPosted++;
            if (!_rxHeld.Take(LastOf(_writeA))) _card.Find("rx-buffer-twice", "a buffer was posted for receiving that the engine still holds");
            CheckCredits(_rxHeld, "rx");
        }
        _card.FeedStarvedLanes();
    }

    void CheckCredits(BufferLedger held, string direction)
    {
        if ((ulong)held.Count > RingMask) _card.Find($"{direction}-credits-exceeded", $"the engine holds as many {direction} buffers as the ring has entries: completions can run over each other");
    }

    static uint LastOf(WordFifo fifo) => fifo.Newest & 0x0FFF_FFFF;

    void EmptyFifos()
    {
        foreach (var fifo in (ReadOnlySpan<WordFifo>)[_readA, _readB, _readC, _readD, _writeA, _writeB]) fifo.Clear();
        _rxHeld.Clear();
        _txHeld.Clear();
    }

    ulong Missed() => _missed + (_waiting > 0 ? _card.Options.ClocksIn(_card.Time - _waitingSince) : 0);

    void AddGroup(int group) => _registers
        .OnWrite(BgThold[group], write => OnlyFrom(4, BgThold[group], write))
        .OnRead(BgCount[group], () => _card.Options.Version >= 4 ? _groups[group] : 0)
        .OnWrite(BgCount[group], _ => Credit(group));

    void Credit(int group)
    {
        if (_groups[group] > 0) _groups[group]--;
        else if (IsOn && _card.Options.Version >= 4) _card.Find("group-underflow", $"a buffer was credited to group {group}, which holds none");
        _card.FeedLanes();
    }

    void OnlyFrom(int version, Register register, RegisterWrite write)
    {
        if (_card.Options.Version >= version) return;
        _registers[register] = register.Reset;
        if (write.Written != 0) _card.Find("register-absent", $"{register} was written; firmware of version {_card.Options.Version} does not have it");
    }
}
