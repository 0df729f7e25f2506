using System.Globalization;
using Understudy.Pci;
using static Understudy.Devices.Uart16550Registers;

namespace Understudy.Devices;

/// <summary>A PCI card with one 16550 (MosChip MCS9912), close enough that 8250_pci of Linux 6.1 to 7.2 runs it. What is modelled and what is not
/// stands in the README beside this file. All of it is touched under the slot's lock: go through <see cref="PciSlot{T}.Do"/> and
/// <see cref="PciSlot{T}.Ask"/>.</summary>
public sealed class Uart16550 : PciDevice
{
    const int FifoSize = 16, LineSize = 1 << 20;
    const long CrystalHertz = 1_843_200;
    readonly RegisterFile _registers;
    readonly InterruptLine _irq;
    readonly UartFifo _received = new(FifoSize), _toSend = new(FifoSize), _line = new(LineSize);
    DeviceTimer? _sending, _sent, _arriving, _timeout;
    byte _ier, _fcr, _errors, _inputs, _deltas;
    ushort _divisor;
    bool _emptied, _timedOut, _shifting;

    /// <summary>A card with nobody at the other end of its line, which holds CTS, DSR and DCD high.</summary>
    /// <param name="bar">Where its registers are: <see cref="BarKind.Io"/>, as on the real card, or <see cref="BarKind.Memory32"/>.</param>
    /// <exception cref="ArgumentException">Registers cannot be there.</exception>
    public Uart16550(BarKind bar = BarKind.Io)
        : base(new PciIdentity(Vendor: 0x9710, Device: 0x9912, ClassCode: 0x07_00_02, Revision: 0, SubsystemVendor: 0xA000, Subsystem: 0x1000))
    {
        if (bar is not (BarKind.Io or BarKind.Memory32)) throw new ArgumentException($"The registers lie in an I/O or a 32-bit memory BAR, not in {bar}", nameof(bar));
        Has(new PowerManagement());
        Has(new Msi());
        HasIntx();
        _irq = Interrupt();
        _registers = Bar(0, Map, bar)
            .OnRead(RBR, () => IsDivisor ? (byte)_divisor : ReadCharacter()).OnWrite(RBR, write => WriteCharacter((byte)write.Written))
            .OnRead(IER, () => IsDivisor ? (ulong)_divisor >> 8 : _ier).OnWrite(IER, write => WriteEnable((byte)write.Written))
            .OnRead(IIR, ReadIdentification).OnWrite(IIR, write => WriteFifoControl((byte)write.Written))
            .OnWrite(LCR, write => { if ((write.Old & ~write.New & SetBreak) != 0) BreaksSent++; })
            .OnWrite(MCR, _ => Arrive())
            .OnRead(LSR, ReadLineStatus)
            .OnRead(MSR, ReadModemStatus);
        _inputs = CTS | DSR | DCD;
        Clear();
    }

    /// <summary>Whoever is at the other end sends back what comes; told to, they forget what they had still to send.</summary>
    public bool Echo
    {
        get;
        set
        {
            field = value;
            if (value) _line.Clear();
        }
    }

    /// <summary>The transmitter takes what is written and never gets rid of it.</summary>
    public bool TransmitterStuck
    {
        get;
        set
        {
            field = value;
            if (!value && _toSend.Count > 0) _sending?.Arm(CharacterTime);
        }
    }

    /// <summary>Whoever is at the other end heeds RTS. Off, what comes while the FIFO is full is overrun.</summary>
    public bool FarEndWaits { get; set; } = true;

    /// <summary>Clear To Send, as the other end holds it. A change interrupts where the driver asked for it.</summary>
    public bool ClearToSend
    {
        get => (_inputs & CTS) != 0;
        set => SetInput(CTS, value);
    }

    /// <summary>Data Carrier Detect, as the other end holds it.</summary>
    public bool CarrierDetect
    {
        get => (_inputs & DCD) != 0;
        set => SetInput(DCD, value);
    }

    /// <summary>Request To Send, as the driver holds it.</summary>
    public bool RequestToSend => (_registers[MCR] & RTS) != 0;

    /// <summary>Bits a second, by the divisor; 0 while there is none.</summary>
    public int Baud => _divisor == 0 ? 0 : (int)(CrystalHertz / 16 / _divisor);

    /// <summary>Characters that left.</summary>
    public long Sent { get; private set; }

    /// <summary>CRC-32 of all characters that left.</summary>
    public uint SentCrc { get; private set; }

    /// <summary>Characters that reached the receiver.</summary>
    public long Received { get; private set; }

    /// <summary>Characters lost because the FIFO was full.</summary>
    public long Overruns { get; private set; }

    /// <summary>Breaks the driver sent and ended.</summary>
    public int BreaksSent { get; private set; }

    /// <summary>Sees each character that leaves.</summary>
    public event Action<byte>? CharacterSent;

    /// <summary>Characters come down the line, one after the other at its speed; what is more than a mebibyte behind is lost.</summary>
    public void Receive(ReadOnlySpan<byte> characters)
    {
        foreach (var character in characters) _line.Put(character, 0);
        Arrive();
    }

    /// <summary>A character comes that is damaged.</summary>
    /// <param name="fault">How.</param>
    /// <param name="character">What the receiver makes of it; a break is always 0.</param>
    public void ReceiveDamaged(LineFault fault, byte character = 0)
    {
        var errors = fault switch { LineFault.Parity => PE, LineFault.Framing => FE, LineFault.Break => (byte)(BI | FE), _ => OE };
        _line.Put(fault == LineFault.Break ? (byte)0 : character, errors);
        Arrive();
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{Baud} baud, {(_registers[LCR] & 3) + 5} bits, RTS {(RequestToSend ? "on" : "off")}, CTS {(ClearToSend ? "on" : "off")}, echo {(Echo ? "on" : "off")}, sent {Sent} crc {SentCrc:x8}, received {Received}, overruns {Overruns}, breaks {BreaksSent}");

    /// <inheritdoc/>
    protected override void PluggedIn()
    {
        _sending = Timer(Send, "transmit");
        _sent = Timer(() => _shifting = false, "transmitter empty");
        _arriving = Timer(Deliver, "receive");
        _timeout = Timer(TimedOut, "character timeout");
    }

    /// <inheritdoc/>
    protected override void OnReset() => Clear();

    bool IsDivisor => (_registers[LCR] & DLAB) != 0;

    bool HasFifo => (_fcr & 1) != 0;

    bool Loops => (_registers[MCR] & Loop) != 0;

    // Start, data, parity and stop bits; the divisor of 0 counts as the largest.
    long CharacterTime
    {
        get
        {
            var lcr = _registers[LCR];
            var bits = 1 + 5 + (long)(lcr & 3) + (long)(lcr >> 3 & 1) + 1 + (long)(lcr >> 2 & 1);
            return bits * 16 * (_divisor == 0 ? 65536 : _divisor) * 1_000_000_000 / CrystalHertz;
        }
    }

    int Trigger => !HasFifo ? 1 : (_fcr >> 6) switch { 0 => 1, 1 => 4, 2 => 8, _ => 14 };

    void Clear()
    {
        _received.Clear();
        _toSend.Clear();
        _line.Clear();
        (_ier, _fcr, _errors, _deltas, _divisor) = (0, 0, 0, 0, 0);
        (_emptied, _timedOut, _shifting, TransmitterStuck) = (false, false, false, false);
    }

    byte ReadCharacter()
    {
        if (_received.Count == 0) return 0;
        var (character, _) = _received.Take();
        _errors |= _received.FirstErrors;
        _received.ForgetFirstErrors();
        _timedOut = false;
        RestartTimeout();
        Evaluate();
        Arrive();
        return character;
    }

    void WriteCharacter(byte character)
    {
        if (IsDivisor)
        {
            _divisor = (ushort)((_divisor & 0xFF00) | character);
            return;
        }
        if (_toSend.Count >= (HasFifo ? FifoSize : 1)) Report("transmit-overrun", "a character was written to a transmitter that was full");
        else _toSend.Put(character, 0);
        _emptied = false;
        if (!TransmitterStuck && _sending is { IsArmed: false }) _sending.Arm(CharacterTime);
        Evaluate();
    }

    void WriteEnable(byte value)
    {
        if (IsDivisor)
        {
            _divisor = (ushort)((_divisor & 0xFF) | value << 8);
            return;
        }
        if ((value & ~_ier & TransmitterEmpty) != 0 && _toSend.Count == 0) _emptied = true;
        _ier = (byte)(value & 0x0F);
        Evaluate();
    }

    ulong ReadIdentification()
    {
        var cause = Cause;
        if (cause == IsTransmitter) _emptied = false;
        Evaluate();
        return (ulong)(cause | (HasFifo ? 0xC0 : 0));
    }

    void WriteFifoControl(byte value)
    {
        if (((value ^ _fcr) & 1) != 0) value |= 6;      // turning FIFOs on or off empties them
        if ((value & 2) != 0)
        {
            _received.Clear();
            _timedOut = false;
        }
        if ((value & 4) != 0)
        {
            _toSend.Clear();
            _sending?.Cancel();
            _emptied = true;
        }
        _fcr = (byte)(value & 0xC9);
        Evaluate();
        Arrive();
    }

    ulong ReadLineStatus()
    {
        var status = (byte)(_errors | (_received.Count > 0 ? DR : 0) | (_toSend.Count == 0 ? THRE : 0) | (_toSend.Count == 0 && !_shifting ? TEMT : 0)
            | (HasFifo && (_received.AnyErrors || (_errors & (PE | FE | BI)) != 0) ? FifoError : 0));
        _errors = 0;
        Evaluate();
        return status;
    }

    // Looped back, the modem's inputs are its outputs: RTS, DTR, OUT1 and OUT2 as CTS, DSR, RI and DCD.
    byte ModemInputs
    {
        get
        {
            if (!Loops) return _inputs;
            var mcr = _registers[MCR];
            return (byte)(((mcr & RTS) != 0 ? CTS : 0) | ((mcr & DTR) != 0 ? DSR : 0) | ((mcr & OUT1) != 0 ? RI : 0) | ((mcr & OUT2) != 0 ? DCD : 0));
        }
    }

    ulong ReadModemStatus()
    {
        var status = (byte)(ModemInputs | _deltas);
        _deltas = 0;
        Evaluate();
        return status;
    }

    void SetInput(byte input, bool high)
    {
        if ((_inputs & input) != 0 == high) return;
        _inputs ^= input;
        if (!Loops) _deltas |= (byte)(input >> 4);
        Evaluate();
    }

    // What is in the FIFO leaves as one event, and is on the line for as long as it would be.
    void Send()
    {
        if (TransmitterStuck) return;
        var count = _toSend.Count;
        while (_toSend.Count > 0) Leave(_toSend.Take().Character);
        _emptied = true;
        if (count > 1)
        {
            _shifting = true;
            _sent!.Arm((count - 1) * CharacterTime);
        }
        Evaluate();
        Arrive();
    }

    void Leave(byte character)
    {
        if (Loops)
        {
            _line.Put(character, 0);
            return;
        }
        Sent++;
        SentCrc = Crc32.Append(SentCrc, character);
        CharacterSent?.Invoke(character);
        if (Echo) _line.Put(character, 0);
    }

    bool MayDeliver => _line.Count > 0 && (!FarEndWaits || Loops || (RequestToSend && _received.Room > (HasFifo ? 0 : FifoSize - 1)));

    void Arrive()
    {
        if (MayDeliver && _arriving is { IsArmed: false }) _arriving.Arm(CharacterTime);
    }

    // Up to half a FIFO at a time, then as long a pause as that takes on the line.
    void Deliver()
    {
        var count = 0;
        for (; count < (HasFifo ? FifoSize / 2 : 1) && MayDeliver; count++) Put(_line.Take());
        RestartTimeout();
        Evaluate();
        if (MayDeliver) _arriving!.Arm(Math.Max(count, 1) * CharacterTime);
    }

    void Put((byte Character, byte Errors) arrived)
    {
        Received++;
        var full = _received.Room == 0 || (!HasFifo && _received.Count > 0);
        if (full || (arrived.Errors & OE) != 0)
        {
            _errors |= OE;
            Overruns++;
        }
        if (full) return;
        _received.Put(arrived.Character, (byte)(arrived.Errors & ~OE));
        if (_received.Count > 1) return;
        _errors |= arrived.Errors;
        _received.ForgetFirstErrors();
    }

    void RestartTimeout()
    {
        _timeout?.Cancel();
        if (HasFifo && _received.Count > 0) _timeout?.Arm(4 * CharacterTime);
    }

    void TimedOut()
    {
        _timedOut = _received.Count > 0;
        Evaluate();
    }

    byte Cause
    {
        get
        {
            if ((_ier & LineStatus) != 0 && (_errors & (OE | PE | FE | BI)) != 0) return IsLineStatus;
            if ((_ier & ReceivedData) != 0 && _received.Count >= Trigger) return IsReceived;
            if ((_ier & ReceivedData) != 0 && _timedOut) return IsTimeout;
            if ((_ier & TransmitterEmpty) != 0 && _emptied) return IsTransmitter;
            return (_ier & ModemStatus) != 0 && _deltas != 0 ? IsModemStatus : NoInterrupt;
        }
    }

    void Evaluate() => _irq.Set(Cause != NoInterrupt);
}
