using System.Globalization;
using System.Text;
using Understudy.Pci;
using static Understudy.Devices.AxisG2Registers;

namespace Understudy.Devices;

/// <summary>A card with SLAC's AxisG2 DMA engine (AXI-Stream DMA version 2, 128-bit descriptors), as axi-pcie-core puts it on a PCIe board:
/// what drivers of the <c>datadev</c> family run. What is modelled stands in the README beside this file. All of it is touched under the
/// slot's lock: go through <see cref="PciSlot{T}.Do"/> and <see cref="PciSlot{T}.Ask"/>.</summary>
public sealed class AxisG2 : PciDevice
{
    const long TornFor = 20_000;
    readonly RegisterFile _registers;
    readonly DmaEngine _engine;
    readonly GpuCore _gpu;
    readonly Port _port;
    DmaLane[] _lanes;
    DeviceTimer? _mend;
    (ulong Address, RingEntry Entry) _torn;
    int _faults;
    uint _faultyResult;

    /// <summary>A card with its streams looped back.</summary>
    /// <param name="options">Which card; current firmware with one lane unless told.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such firmware.</exception>
    public AxisG2(AxisG2Options? options = null) : base((options ??= new AxisG2Options()).Identity)
    {
        Options = options.Checked();
        _registers = Bar(0, Map, BarKind.Memory64);
        Has(new PowerManagement());
        if (options.HasMsi) Has(new Msi());
        Has(new PciExpress());
        if (options.HasMsix) Has(NewMsix(options.MsixBar));
        if (options.HasIntx) HasIntx();
        Moves<RingEntry>();
        _port = new Port(this);
        Gate = new InterruptGate(this, _registers, Interrupt());
        _engine = new DmaEngine(this, _registers);
        _gpu = new GpuCore(this, _registers[AxisG2Registers.GpuAsyncCore]);
        _lanes = NewLanes();
        _registers[AxiVersion].OnRead(AxiVersionRegisters.UpTimeCount, () => (ulong)(Now / 1_000_000_000));
        LoadFirmware();
        Stream = new LoopbackStream();
        GpuStream = options.GpuAsEmulated ? new PrbsStream { Endless = () => _gpu.LargestFrame } : new LoopbackStream();
    }

    /// <summary>Which card it is.</summary>
    public AxisG2Options Options { get; private set; }

    /// <summary>What is at the other end of the streams; a <see cref="LoopbackStream"/> at first.</summary>
    public IStreamEndpoint Stream
    {
        get;
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            field = value;
            value.Attach(_port);
        }
    }

    /// <summary>What is at the other end of the GPU core's streams, which are one lane of their own; a <see cref="LoopbackStream"/> at first.</summary>
    public IStreamEndpoint GpuStream
    {
        get;
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            field = value;
            value.Attach(_gpu);
        }
    }

    /// <summary>Buffers in use by the GPU core that are free for a frame.</summary>
    public int GpuArmed => _gpu.Armed;

    /// <summary>The device's account of what happened.</summary>
    public AxisG2Counters Counters => Count with { };

    /// <summary>Free buffers in the engine's FIFO now.</summary>
    public int FreeBuffers => _engine.Free;

    /// <summary>Buffers the engine holds now: for receiving, and for sending.</summary>
    public (int Rx, int Tx) Held => _engine.Held;

    /// <summary>The driver has enabled the engine.</summary>
    public bool IsEnabled => _engine.IsOn;

    /// <summary>The channels the driver says it is online on.</summary>
    public uint OnlineChannels => (uint)_registers[Online];

    /// <summary>Begins the account anew.</summary>
    public void ForgetCounters() => Count = new AxisG2Counters();

    /// <summary>Loads other firmware: the engine is reset as by a PCI reset, configuration space stays. Identity and interrupt capabilities
    /// are those of the board and cannot be changed so.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such firmware.</exception>
    public void Program(AxisG2Options options)
    {
        ArgumentNullException.ThrowIfNull(options);
        Options = options.Checked() with { Identity = Options.Identity, HasMsi = Options.HasMsi, HasMsix = Options.HasMsix, MsixBar = Options.MsixBar, HasIntx = Options.HasIntx };
        foreach (var lane in _lanes) lane.Reset();
        _registers.Reset();
        _engine.Resize();
        _engine.Reset();
        if (_lanes.Length != Options.Lanes)
        {
            _lanes = NewLanes();
            foreach (var lane in _lanes) lane.PluggedIn(Timer);
            Stream.Attach(_port);
        }
        LoadFirmware();
    }

    /// <summary>The next completions of received buffers go wrong.</summary>
    /// <param name="fault">How.</param>
    /// <param name="completions">How many.</param>
    /// <param name="result">The bits of <see cref="CompletionFault.Result"/>: overflow is 4, the bus's response 1 to 3.</param>
    public void FailNext(CompletionFault fault, int completions = 1, int result = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(completions);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)result, 7u, nameof(result));
        _faultyResult = (uint)result;
        (NextFault, _faults) = (completions == 0 ? CompletionFault.None : fault, completions);
        if (NextFault != CompletionFault.Unacknowledged)
            foreach (var lane in _lanes) lane.Unstick();
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"version {Options.Version}, {Options.Lanes} lanes, {(IsEnabled ? "enabled" : "disabled")}, tx {Count.TxFrames} frames {Count.TxBytes} bytes, rx {Count.RxFrames} frames {Count.RxBytes} bytes, {Count.Errors} errors, {FreeBuffers} free, {Gate.Outstanding} unacknowledged");

    internal AxisG2Counters Count { get; private set; } = new();

    internal InterruptGate Gate { get; }

    internal CompletionFault NextFault { get; private set; }

    internal Dma Memory => Dma;

    internal long Time => _mend is null ? 0 : Now;

    internal bool CanMaster => IsBusMaster;

    internal void Find(string check, string text) => Report(check, text);

    /// <summary>Gives descriptors to the lanes that are idle, in order: one whose lane is busy holds up those behind it.</summary>
    internal void StartLanes()
    {
        while (_engine.IsOn && CanMaster && _engine.TryPeekTx(out var descriptor))
        {
            if (descriptor.Channel >= _lanes.Length)
            {
                Find("tx-no-such-channel", $"a descriptor is for DMA channel {descriptor.Channel} of {_lanes.Length}");
                _engine.PopTx();
                Count.Errors++;
                _engine.Return(descriptor, result: 3);
                continue;
            }
            var lane = _lanes[descriptor.Channel];
            if (lane.IsSending) return;
            _engine.PopTx();
            lane.Begin(descriptor);
        }
    }

    /// <summary>There are buffers or credits again.</summary>
    internal void FeedLanes()
    {
        if (!_engine.IsOn) return;
        foreach (var lane in _lanes) lane.Feed();
    }

    internal void FeedStarvedLanes()
    {
        if (!_engine.IsOn) return;
        foreach (var lane in _lanes)
            if (lane.IsStarved) lane.Feed();
    }

    internal void ResetLanes()
    {
        foreach (var lane in _lanes ?? []) lane.Reset();
        Stream?.Reset();
    }

    internal CompletionFault TakeFault()
    {
        var fault = NextFault;
        if (--_faults <= 0) (NextFault, _faults) = (CompletionFault.None, 0);
        return fault;
    }

    /// <summary>Writes a completion, as it is or as a fault wants it.</summary>
    internal void Complete(in OpenBuffer buffer, RingEntry entry)
    {
        var group = buffer.Id & 7;
        if (NextFault == CompletionFault.None)
        {
            _engine.Complete(entry, group);
            return;
        }
        var fault = TakeFault();
        switch (fault)
        {
            case CompletionFault.Lost: _engine.Forget(entry.Index); return;
            case CompletionFault.WrongIndex: _engine.Forget(entry.Index); _engine.Complete(entry with { Index = 0x0FFF_FFFF }, group, returnsBuffer: false); return;
            case CompletionFault.SendIndex: _engine.Forget(entry.Index); _engine.Complete(entry with { Index = 0 }, group, returnsBuffer: false); return;
            case CompletionFault.Late: _engine.Forget(entry.Index); _engine.WriteWhenDisabled(entry); return;
            case CompletionFault.Stale: _engine.WriteWhenEnabled(entry); break;
            case CompletionFault.Result: entry.Result |= _faultyResult; break;
            case CompletionFault.TooLong: entry.Size = (uint)_registers[MaxSize] + 1; break;
            case CompletionFault.Empty: entry.Size = 0; break;
            case CompletionFault.Overflow: entry.Result |= 4; break;
            case CompletionFault.BusError: entry.Result |= 3; break;
            case CompletionFault.FlippedBit: FlipBit(buffer); break;
        }
        _engine.Complete(entry, group, torn: fault == CompletionFault.Torn);
        if (fault == CompletionFault.Twice) _engine.Complete(entry, group, returnsBuffer: false);
    }

    internal void MendLater(ulong address, in RingEntry entry)
    {
        _torn = (address, entry);
        _mend!.Arm(TornFor);
    }

    /// <inheritdoc/>
    protected override void PluggedIn()
    {
        _gpu.PluggedIn(Timer);
        _mend = Timer(() => _engine.Mend(_torn.Address, _torn.Entry), "torn completion mended");
        Gate.PluggedIn(Timer);
        foreach (var lane in _lanes) lane.PluggedIn(Timer);
    }

    /// <inheritdoc/>
    protected override void OnBusMaster()
    {
        StartLanes();
        FeedLanes();
        _gpu.Feed();
    }

    /// <inheritdoc/>
    protected override void OnReset()
    {
        _engine.Reset();
        LoadFirmware();
    }

    Msix NewMsix(int bar)
    {
        if (bar == 0) return new Msix(1, bar, tableOffset: 0x3_8000, pendingOffset: 0x3_9000);
        Bar(bar, new RegisterMap("MsixBar", 0x1000));
        return new Msix(1, bar, tableOffset: 0, pendingOffset: 0x800);
    }

    DmaLane[] NewLanes() => [.. Enumerable.Range(0, Options.Lanes).Select(number => new DmaLane(this, _registers, _engine, number))];

    void FlipBit(in OpenBuffer buffer)
    {
        if (buffer.Filled == 0) return;
        var at = buffer.Address + (ulong)Random.NextInt64(buffer.Filled);
        if (Dma.Read(at, out byte value)) Dma.Write(at, (byte)(value ^ 1 << Random.Next(8)));
    }

    void LoadFirmware()
    {
        _gpu.Reset();
        GpuStream?.Reset();
        (_registers[Channels], _registers[AddressBits], _registers[BusBytes]) = ((ulong)Options.Lanes, (ulong)Options.AddressBits, (ulong)Options.BusBytes);
        _registers[RingBits] = (ulong)Options.RingBits;
        var version = _registers[AxiVersion];
        version[AxiVersionRegisters.FpgaVersion] = 0x0100_0000;
        var user = AxiVersionRegisters.UserValues;
        version[user[0]] = (ulong)Options.Lanes;
        version[user[4]] = (ulong)Options.DmaClockMegahertz * 1_000_000;
        version[user[9]] = Options.HardwareType;
        version[user[10]] = Options.GpuBuffers > 0 ? 1ul : 0;
        for (var i = 0; i < 5; i++) version[AxiVersionRegisters.GitHash[i]] = 0x5EED_0000u + (uint)i;
        for (var i = 0; i < 4; i++) version[AxiVersionRegisters.DnaValue[i]] = 0x0D0A_0000u + (uint)i;
        var text = Encoding.ASCII.GetBytes(Options.BuildString);
        for (var i = 0; i < Math.Min(text.Length, 256); i++)
        {
            var word = AxiVersionRegisters.BuildString[i / 4];
            version[word] = (version[word] & ~(0xFFul << (i % 4 * 8))) | (ulong)text[i] << (i % 4 * 8);
        }
    }

    sealed class Port(AxisG2 card) : IStreamPort
    {
        public int Lanes => card.Options.Lanes;

        public long Now => card.Time;

        public bool Receive(in StreamChunk chunk, out int taken) => card._lanes[chunk.Lane].Receive(chunk, out taken);

        public void Wake(int lane) => card._lanes[lane].Feed();

        public bool IsPaused(int group) => card._engine.IsPaused(group);
    }
}
