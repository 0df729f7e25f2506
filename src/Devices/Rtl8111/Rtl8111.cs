using System.Text;
using Understudy.Pci;
using static Understudy.Devices.Rtl8111Registers;

namespace Understudy.Devices;

/// <summary>A Realtek RTL8111/8168 gigabit network card, close enough that the unmodified r8169 driver of Linux 6.1 to 7.2 runs it. What is
/// modelled and what is not stands in the README beside this file. All of it is touched under the slot's lock: go through
/// <see cref="PciSlot{T}.Do"/> and <see cref="PciSlot{T}.Ask"/>.</summary>
public sealed class Rtl8111 : PciDevice
{
    readonly RegisterFile _registers;
    readonly InterruptBlock _interrupt;
    readonly PowerManagement _power;
    readonly MdioPhy _phy;
    readonly Transmitter _normalQueue, _highQueue;
    readonly Receiver _receiver;
    readonly InterruptMitigation _txMitigation, _rxMitigation;
    readonly IndirectPort _phyPort;
    readonly SideWindows _windows;
    readonly Port _port;
    DeviceTimer? _resetDone, _countersDone;
    bool _failNextTransmit;
    TallyCounters _count;

    /// <summary>A card with a cable lying beside it, and a <see cref="Peer"/> at the cable's other end.</summary>
    /// <param name="mac">The address in its EEPROM; 02:00:5e:00:53:01 unless told.</param>
    /// <param name="chip">Which chip it says it is.</param>
    /// <exception cref="ArgumentException">No station may have that address.</exception>
    public Rtl8111(MacAddress? mac = null, Rtl8111Chip chip = Rtl8111Chip.Rtl8168C)
        : base(new PciIdentity(Vendor: 0x10EC, Device: 0x8168, ClassCode: 0x02_00_00, Revision: 0x02, SubsystemVendor: 0x10EC, Subsystem: 0x8168))
    {
        FactoryAddress = mac ?? new MacAddress(0x0200_5E00_5301);
        if (!FactoryAddress.IsStation) throw new ArgumentException($"{FactoryAddress} cannot be a card's address: it is zero or a group address", nameof(mac));
        Chip = chip;
        _registers = Bar(2, Map, BarKind.Memory64);
        _power = Has(new PowerManagement());
        Has(new Msi());
        Has(new PciExpress());
        HasIntx();
        Moves<Descriptor>();
        Moves<TallyCounters>();
        _interrupt = Interrupt(0, _registers, IntrStatus, IntrMask);
        _phy = new MdioPhy(LinkChanged, Report);
        _port = new Port(this);
        _normalQueue = new Transmitter(this, _registers, TxRing, TxDescStartAddrHigh, PollNormalQueue, "normal");
        _highQueue = new Transmitter(this, _registers, TxHighRing, TxHDescStartAddrHigh, PollHighQueue, "high-priority");
        _receiver = new Receiver(this, _registers);
        _txMitigation = new InterruptMitigation(this, _registers, TxOk, TxMitigateTime, TxMitigateFrames);
        _rxMitigation = new InterruptMitigation(this, _registers, RxOk, RxMitigateTime, RxMitigateFrames);
        _phyPort = new IndirectPort(_registers, Phyar, WritePhy, ReadPhy);
        _windows = new SideWindows(_registers);
        GiveBehaviour();
        LoadFromEeprom();
        Wire = new Peer();
    }

    /// <summary>The address in the card's EEPROM: what the driver finds, whatever the guest sets later.</summary>
    public MacAddress FactoryAddress { get; }

    /// <summary>Which chip it says it is.</summary>
    public Rtl8111Chip Chip { get; }

    /// <summary>The address it answers to now.</summary>
    public MacAddress StationAddress => new(Swap(_registers[IDR0] | _registers[IDR4] << 32));

    /// <summary>A cable is in the socket. The link follows when the PHY has negotiated. False at first.</summary>
    public bool CablePluggedIn
    {
        get => _phy.CablePluggedIn;
        set => _phy.CablePluggedIn = value;
    }

    /// <summary>What the other end of the cable can do; a change negotiates anew.</summary>
    public LinkPartner LinkPartner
    {
        get => _phy.Partner;
        set => _phy.Partner = value;
    }

    /// <summary>The link's speed in Mbit/s; 0 while it is down.</summary>
    public int LinkSpeed => _phy.Speed;

    /// <summary>Who is at the other end of the cable. Set it before the card goes into a slot, or under the lock.</summary>
    public IWire Wire
    {
        get;
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            field = value;
            if (_port.IsReady) value.Attach(_port);
        }
    }

    /// <summary>The tally counters, as a dump would give them now.</summary>
    public TallyCounters Counters => _count;

    /// <summary>Sees every frame on the wire; see <see cref="PcapFile"/>.</summary>
    public event FrameOnWire? FrameOnWire;

    /// <summary>The next frames from the wire go wrong. Arm it after the link is up; frames the filter drops do not count.</summary>
    /// <param name="fault">How.</param>
    /// <param name="frames">How many.</param>
    public void CorruptNextReceive(ReceiveFault fault = ReceiveFault.BadFcs, int frames = 1)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(frames);
        (_receiver.NextFault, _receiver.FaultCount) = (fault, frames);
    }

    /// <summary>The next frames from the wire find the receive FIFO full: lost, counted as missed, RxFifoOverflow in the status.</summary>
    public void OverflowReceive(int frames = 1) => CorruptNextReceive(ReceiveFault.Overflow, frames);

    /// <summary>The next frame to be sent is not: TxError in the status, counted, its descriptors given back.</summary>
    public void FailNextTransmit() => _failNextTransmit = true;

    /// <summary>The transmitter stops hearing doorbells until the driver resets the chip: what a transmit timeout is made of.</summary>
    public void StallTransmit() => (_normalQueue.Stalled, _highQueue.Stalled) = (true, true);

    /// <summary>The PHY does not answer over MDIO while this is set; the link stays as it is.</summary>
    public bool PhyHangs
    {
        get => _phyPort.Hangs;
        set => _phyPort.Hangs = value;
    }

    /// <summary>A frame arrives from the wire, as <see cref="INetworkPort.Receive"/>.</summary>
    public void Receive(ReadOnlySpan<byte> frame)
    {
        if (!_phy.LinkUp) return;
        FrameOnWire?.Invoke(WireDirection.Received, Now, frame);
        _receiver.Receive(frame);
    }

    /// <inheritdoc/>
    public override string ToString() => new StringBuilder()
        .Append($"{Chip} {StationAddress}, cable {(CablePluggedIn ? "in" : "out")}, ")
        .Append(_phy.LinkUp ? $"link up {_phy.Speed} Mbit/s {(_phy.IsFullDuplex ? "full" : "half")} duplex" : "link down")
        .Append($", tx {(_registers[TxEnable] ? "on" : "off")} {_count.TxPackets} sent {_count.TxErrors} failed")
        .Append($", rx {(_registers[RxEnable] ? "on" : "off")} {_count.RxPackets} received {_count.RxErrors} errors {_count.RxMissed} missed {_receiver.Waiting} waiting")
        .ToString();

    internal Dma Memory => Dma;

    internal ref TallyCounters Count => ref _count;

    internal bool CanMaster => IsBusMaster;

    /// <summary>Longest frame, FCS included, with jumbo frames on.</summary>
    internal int JumboBytes => Chip == Rtl8111Chip.Rtl8168Dp ? 9 * 1024 : 6 * 1024;

    internal void Find(string check, string text) => Report(check, text);

    internal void Raise(Flag cause) => _interrupt.Raise(cause);

    /// <summary>Frames are done: interrupts, when mitigation lets it.</summary>
    internal void Signal(Flag cause, int frames) => (cause == TxOk ? _txMitigation : _rxMitigation).Signal(frames);

    /// <summary>A frame leaves.</summary>
    internal bool Transmit(ReadOnlySpan<byte> frame)
    {
        if (_failNextTransmit || !_phy.LinkUp)
        {
            _failNextTransmit = false;
            TransmitFailed();
            return false;
        }
        _count.TxPackets++;
        FrameOnWire?.Invoke(WireDirection.Sent, Now, frame);
        Wire.Send(frame);
        return true;
    }

    internal void TransmitFailed()
    {
        _count.TxErrors++;
        _count.TxAborted++;
        Raise(TxError);
    }

    /// <inheritdoc/>
    protected override void PluggedIn()
    {
        _resetDone = Timer(ResetDone, "chip reset done");
        _countersDone = Timer(CountersDone, "tally counters done");
        _phyPort.PluggedIn(Timer);
        _windows.PluggedIn(Timer);
        _normalQueue.PluggedIn(Timer);
        _highQueue.PluggedIn(Timer);
        _receiver.PluggedIn(Timer);
        _txMitigation.PluggedIn(Timer);
        _rxMitigation.PluggedIn(Timer);
        _phy.PluggedIn(Timer);
        _port.IsReady = true;
        Wire.Attach(_port);
    }

    /// <inheritdoc/>
    protected override void OnBusMaster()
    {
        _receiver.Deliver();
        _highQueue.Resume();
        _normalQueue.Resume();
    }

    /// <inheritdoc/>
    protected override void OnReset()
    {
        ResetEngines();
        LoadFromEeprom();
        _windows.Clear();
        _count = default;
        _failNextTransmit = false;
        _phy.Reset();
        Wire.PortReset();
    }

    void GiveBehaviour()
    {
        _registers
            .OnWrite(ChipCmd, write => { if (write.Sets(Reset)) _resetDone?.Arm(Rtl8111Timing.ChipReset); })
            .OnWrite(TxPoll, write => { if (write.Sets(ForceSoftwareInterrupt)) Raise(SoftwareInterrupt); })
            .OnWrite(CounterAddrLow, write => { if (write.Sets(CounterDump) || write.Sets(CounterReset)) _countersDone?.Arm(Rtl8111Timing.CounterDump); })
            .OnRead(PhyStatus, ReadPhyStatus)
            .OnRead(MissedPackets, () => _count.RxMissed)
            .OnRead(TimerCount, () => (ulong)Now / 8);
        foreach (var locked in (Register[])[IDR0, IDR4, Config1, Config2, Config3, Config4, Config5]) _registers.OnWrite(locked, write => Guard(locked, write));
    }

    void Guard(Register register, RegisterWrite write)
    {
        if (_registers[EepromMode] == 3 || write.New == write.Old) return;
        _registers[register] = write.Old;
        Report("config-locked", $"{register} was written while Cfg9346 locks it; the chip ignores that");
    }

    // The chip's own reset leaves the address, the filter, the configuration, ring addresses and the PHY alone.
    void ResetDone()
    {
        ResetEngines();
        foreach (var register in (ReadOnlySpan<Register>)[ChipCmd, TxPoll, IntrMask, IntrStatus, RxConfig, IntrMitigate]) _registers[register] = register.Reset;
        SetVersion();
        _interrupt.Evaluate();
    }

    void ResetEngines()
    {
        _normalQueue.Reset();
        _highQueue.Reset();
        _receiver.Reset();
        _txMitigation.Reset();
        _rxMitigation.Reset();
    }

    void LoadFromEeprom()
    {
        var octets = Swap(FactoryAddress.Value);
        (_registers[IDR0], _registers[IDR4]) = (octets & 0xFFFF_FFFF, octets >> 32);
        SetVersion();
    }

    void SetVersion() => _registers[TxConfig] = (ulong)Chip << 20;

    void CountersDone()
    {
        if (_registers[CounterDump])
        {
            var address = _registers[CounterAddrHigh] << 32 | _registers[CounterAddress] << 6;
            if (!IsBusMaster || !Dma.Write(address, _count)) Raise(SystemError);
        }
        if (_registers[CounterReset]) _count = default;
        (_registers[CounterDump], _registers[CounterReset]) = (false, false);
    }

    void LinkChanged()
    {
        Raise(LinkChange);
        if (_phy.LinkUp && _registers[WakeOnLinkUp] && !_power.InD0) _power.RequestWake();
    }

    void WritePhy(uint command) => _phy.Write((int)(command >> 16 & 31), (ushort)command);

    uint ReadPhy(uint command) => (command & 0x1F_0000) | _phy.Read((int)(command >> 16 & 31));

    ulong ReadPhyStatus() => !_phy.LinkUp ? 0 : LinkStatus.Mask | (_phy.IsFullDuplex ? FullDuplex.Mask : 0)
        | (_phy.Speed switch { 1000 => Speed1000.Mask, 100 => Speed100.Mask, _ => Speed10.Mask });

    static ulong Swap(ulong octets) => System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(octets << 16);

    sealed class Port(Rtl8111 nic) : INetworkPort
    {
        public bool IsReady { get; set; }

        public long Now => nic.Now;

        public void Receive(ReadOnlySpan<byte> frame) => nic.Receive(frame);

        public DeviceTimer Timer(Action callback, string name) => nic.Timer(callback, name);
    }
}
