using System.Buffers.Binary;
using Understudy.Pci;
using static Understudy.Devices.GpuAsyncCoreRegisters;

namespace Understudy.Devices;

/// <summary>The GPU core at work (axi-pcie-core, AxiPcieGpuAsyncControl): a frame goes to the next write buffer once that is armed, and is
/// told by a doorbell in front of it; a read buffer that is requested is sent, and acknowledged in the same place.</summary>
sealed class GpuCore : IStreamPort
{
    const int MostInOneStep = DmaLane.MostInOneStep;
    const int AcknowledgeBytes = 16;
    const long EmulatedPause = 5_000_000;
    const byte FirstUser = 2;
    const uint DecodeError = 3;
    readonly AxisG2 _card;
    readonly RegisterFile _registers;
    readonly bool[] _armed = new bool[MostBuffers], _requested = new bool[MostBuffers];
    readonly byte[] _piece = new byte[MostInOneStep];
    DeviceTimer? _step, _pause;
    int _nextWrite, _nextRead;
    uint _rxFrames, _txFrames, _writeErrors, _readErrors, _writeError, _readError, _minArmed = MostBuffers, _maxRequested;
    GpuFrame _incoming, _outgoing;
    bool _feed;

    public GpuCore(AxisG2 card, RegisterFile registers)
    {
        (_card, _registers) = (card, registers);
        registers
            .OnWrite(Control, ControlWritten)
            .OnWrite(CountReset, write => { if (write.Sets(CntRst)) ResetCounters(); })
            .OnWrite(RemoteWriteMaxSize, write => registers[RemoteWriteMaxSize] = Math.Max(write.New, 1))
            .OnWrite(AxisDeMuxSelect, _ => Feed())
            .OnWrite(WriteFreeList, (at, _) => Arm(at / 4))
            .OnWrite(ReadRequests, (at, _) => Request(at / 4))
            .OnWrite(RemoteWriteAddress, (at, _) => Moved("write", at / 8, registers[WriteEnable], registers[WriteCount]))
            .OnWrite(RemoteReadAddress, (at, _) => Moved("read", at / 8, registers[ReadEnable], registers[ReadCount]))
            .OnRead(RxFrameCnt, () => _rxFrames).OnRead(TxFrameCnt, () => _txFrames)
            .OnRead(AxiWriteErrorCnt, () => _writeErrors).OnRead(AxiReadErrorCnt, () => _readErrors)
            .OnRead(AxiWriteErrorVal, () => _writeError).OnRead(AxiReadErrorVal, () => _readError)
            .OnRead(MinWriteBuffer, () => _minArmed).OnRead(MaxReadBuffer, () => _maxRequested);
    }

    public int Lanes => 1;

    public long Now => _card.Time;

    /// <summary>Write buffers that are armed, of those in use.</summary>
    public int Armed => Count(_armed, WriteCount);

    public void PluggedIn(Func<Action, string, DeviceTimer> timer) => (_step, _pause) = (timer(Step, "GPU core"), timer(FeedNow, "GPU core's pause"));

    /// <summary>Bytes of a frame of the largest size, a multiple of four.</summary>
    public int LargestFrame => (int)Math.Clamp(_registers[RemoteWriteMaxSize], Prbs.SmallestFrame, PrbsStream.LongestFrame) & ~3;

    /// <summary>After a reset of the function: the registers are back already.</summary>
    public void Reset()
    {
        _step?.Cancel();
        _pause?.Cancel();
        Array.Clear(_armed);
        Array.Clear(_requested);
        (_nextWrite, _nextRead, _incoming, _outgoing, _feed) = (0, 0, default, default, false);
        ResetCounters();
        _minArmed = MostBuffers;
        _registers[MaxBuffers] = (ulong)_card.Options.GpuBuffers;
        _registers[DmaDataBytes] = IsThere ? (ulong)_card.Options.BusBytes : 0;
        _registers[GpuAsyncCoreRegisters.Version] = IsThere ? (ulong)_card.Options.GpuVersion : 0;
    }

    public bool IsPaused(int group) => false;

    public void Wake(int lane) => Feed();

    public bool Receive(in StreamChunk chunk, out int taken)
    {
        taken = 0;
        if (!IsThere || !_card.CanMaster || !_registers[StreamToGpu]) return false;
        if (!_incoming.IsOpen && !Open(chunk.FirstUser)) return false;
        taken = chunk.Data.Length;
        Fill(chunk.Data);
        if (chunk.Last) Close(chunk.LastUser);
        return true;
    }

    bool IsThere => _card.Options.GpuBuffers > 0;

    // Hardware arms by any write; SLAC's emulator has memory there, in which 0 is not armed.
    void Arm(int index)
    {
        if (!IsThere || index >= _card.Options.GpuBuffers) return;
        var armed = !_card.Options.GpuAsEmulated || Word(WriteFreeList, index) != 0;
        if (armed && _armed[index] && !_card.Options.GpuAsEmulated) _card.Find("gpu-armed-twice", $"write buffer {index} was armed while it was armed: a frame was expected in it that has not come");
        _armed[index] = armed;
        Forget(WriteFreeList, index);
        Feed();
    }

    void Request(int index)
    {
        if (!IsThere || index >= _card.Options.GpuBuffers || !_registers[ReadEnable]) return;
        _requested[index] = !_card.Options.GpuAsEmulated || Word(ReadRequests, index) != 0;
        _maxRequested = Math.Max(_maxRequested, (uint)Count(_requested, ReadCount));
        ArmStep();
    }

    void Moved(string direction, int index, bool enabled, ulong last)
    {
        if (IsThere && enabled && (ulong)index <= last) _card.Find("gpu-address-moved", $"the address of {direction} buffer {index} was changed while the core may use it: disable first");
    }

    void ControlWritten(RegisterWrite write)
    {
        if (write.Falls(WriteEnable))
        {
            _nextWrite = 0;
            _incoming.Drops = _incoming.IsOpen;
        }
        if (write.Falls(ReadEnable))
        {
            _nextRead = 0;
            Array.Clear(_requested);
            _outgoing.Drops = _outgoing.IsOpen;
        }
        // Fewer buffers than before: the emulator goes on among those there are, hardware once it is through with the next.
        if (_card.Options.GpuAsEmulated) (_nextWrite, _nextRead) = (_nextWrite % ((int)_registers[WriteCount] + 1), _nextRead % ((int)_registers[ReadCount] + 1));
        Feed();
    }

    void ResetCounters()
    {
        (_rxFrames, _txFrames, _writeErrors, _readErrors, _writeError, _readError) = (0, 0, 0, 0, 0, 0);
        (_minArmed, _maxRequested) = ((uint)Armed, (uint)Count(_requested, ReadCount));
    }

    /// <summary>There may be buffers again, or bus mastering is on again, or the endpoint asked to be woken.</summary>
    public void Feed()
    {
        if (_card.Options.GpuAsEmulated) _pause?.Arm(EmulatedPause);
        else FeedNow();
    }

    void FeedNow()
    {
        _feed = true;
        ArmStep();
    }

    void ArmStep()
    {
        if (IsThere && _step is { IsArmed: false }) _step.Arm(_card.Options.NanosecondsFor(25 + MostInOneStep / (uint)_card.Options.BusBytes));
    }

    void Step()
    {
        if (!_card.CanMaster) return;
        if (_feed)
        {
            _feed = false;
            _card.GpuStream.Resume(0);
        }
        if (!_outgoing.IsOpen) Begin();
        if (_outgoing.IsOpen && _card.GpuStream.IsReady(0)) Send();
        if (_feed || (_outgoing.IsOpen && _card.GpuStream.IsReady(0)) || IsRequested) ArmStep();
    }

    // The stream's next frame: into the next buffer once that is armed, and to nowhere while writing is disabled; the emulator's waits.
    bool Open(byte firstUser)
    {
        var enabled = _registers[WriteEnable];
        if (!enabled && _card.Options.GpuAsEmulated) return false;
        if (enabled && !_armed[_nextWrite]) return false;
        _incoming = new GpuFrame { IsOpen = true, Drops = !enabled, FirstUser = firstUser };
        if (!enabled) return true;
        _armed[_nextWrite] = false;
        Clear(WriteFreeList, _nextWrite);
        _minArmed = Math.Min(_minArmed, (uint)Armed);
        _incoming.Address = Address(RemoteWriteAddress, _nextWrite);
        _incoming.Result = Usable(_incoming.Address, "write", _nextWrite);
        _nextWrite = After(_nextWrite, WriteCount);
        return true;
    }

    void Fill(ReadOnlySpan<byte> data)
    {
        if (_incoming.Drops) return;
        var room = (uint)Math.Max(0, (long)_registers[RemoteWriteMaxSize] - _incoming.Done);
        if (room < data.Length)
        {
            _incoming.Overflows = true;
            data = data[..(int)room];
        }
        if (data.IsEmpty || _incoming.Result != 0) return;
        if (!_card.Memory.Write(_incoming.Address + (uint)_card.Options.BusBytes + _incoming.Done, data)) _incoming.Result = DecodeError;
        _incoming.Done += (uint)data.Length;
    }

    void Close(byte lastUser)
    {
        var frame = _incoming;
        _incoming = default;
        _rxFrames++;
        if (frame.Drops)
        {
            _card.Count.GpuDropped++;
            return;
        }
        var result = frame.Result | (frame.Overflows ? 4u : 0);
        if (result != 0) Failed(ref _writeErrors, ref _writeError, result);
        _card.Count.GpuRxFrames++;
        _card.Count.GpuRxBytes += frame.Done;
        if (frame.Result != 0) return; // its doorbell has no place either
        _card.Memory.Write(frame.Address, (ulong)frame.Done << 32 | (uint)frame.FirstUser << 24 | (uint)lastUser << 16 | result);
    }

    bool IsRequested => _registers[ReadEnable] && _requested[_nextRead];

    void Begin()
    {
        if (!IsRequested) return;
        _requested[_nextRead] = false;
        _outgoing = new GpuFrame { IsOpen = true, Size = Word(ReadRequests, _nextRead), Address = Address(RemoteReadAddress, _nextRead) };
        _outgoing.Result = Usable(_outgoing.Address, "read", _nextRead);
        Clear(ReadRequests, _nextRead);
        _nextRead = After(_nextRead, ReadCount);
    }

    void Send()
    {
        ref var frame = ref _outgoing;
        var piece = frame.Drops || frame.Result != 0 ? [] : _piece.AsSpan(0, (int)Math.Min(frame.Size - frame.Done, MostInOneStep));
        if (!piece.IsEmpty && !_card.Memory.Read(frame.Address + (uint)_card.Options.BusBytes + frame.Done, piece))
        {
            frame.Result = DecodeError;
            piece = [];
        }
        var first = frame.Done == 0;
        frame.Done += (uint)piece.Length;
        var last = frame.Done == frame.Size || piece.IsEmpty;
        _card.Count.GpuTxBytes += piece.Length;
        var ended = frame;
        if (last) frame = default;
        _card.GpuStream.Send(new StreamChunk { FirstUser = FirstUser, First = first, Last = last, Data = piece });
        if (last && !ended.Drops) Acknowledge(ended);
    }

    void Acknowledge(in GpuFrame frame)
    {
        _txFrames++;
        _card.Count.GpuTxFrames++;
        if (frame.Result != 0) Failed(ref _readErrors, ref _readError, frame.Result);
        if (frame.Address == 0) return;
        Span<byte> one = stackalloc byte[AcknowledgeBytes];
        one.Clear();
        one[0] = 1;
        _card.Memory.Write(frame.Address, one);
    }

    static void Failed(ref uint errors, ref uint last, uint result)
    {
        if (errors < uint.MaxValue) errors++;
        last = result;
    }

    uint Usable(ulong address, string direction, int index)
    {
        if (address != 0) return 0;
        _card.Find("null-address", $"{direction} buffer {index} of the GPU core has address 0");
        return DecodeError;
    }

    int After(int index, Bits last) => (ulong)index >= _registers[last] || index + 1 >= _card.Options.GpuBuffers ? 0 : index + 1;

    int Count(bool[] marks, Bits last) => marks.AsSpan(0, (int)Math.Min(_registers[last] + 1, MostBuffers)).Count(true);

    uint Word(MemoryWindow window, int index) => BinaryPrimitives.ReadUInt32LittleEndian(_registers[window][(index * 4)..]);

    ulong Address(MemoryWindow window, int index) => BinaryPrimitives.ReadUInt64LittleEndian(_registers[window][(index * 8)..]);

    void Clear(MemoryWindow window, int index) => _registers[window].Slice(index * 4, 4).Clear();

    // What is written only reads as 0 in hardware.
    void Forget(MemoryWindow window, int index)
    {
        if (!_card.Options.GpuAsEmulated) Clear(window, index);
    }

    struct GpuFrame
    {
        public bool IsOpen, Drops, Overflows;
        public byte FirstUser;
        public ulong Address;
        public uint Size, Done, Result;
    }
}
