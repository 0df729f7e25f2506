using Understudy.Pci;

namespace Understudy.Transports.Tests;

/// <summary>A device that does a little of everything a transport carries: registers, interrupts of each kind, DMA both ways.</summary>
sealed class ProbeDevice : PciDevice
{
    public const ulong EchoAt = 0, DoorbellAt = 4, AddressAt = 8, LengthAt = 0x10, CommandAt = 0x14, LevelAt = 0x18, ResultAt = 0x1C, BoomAt = 0x20, AlarmAt = 0x24, WindowAt = 0x1000;
    public const uint ReadMemory = 1, WriteMemory = 2, WriteThenInterrupt = 3;
    public const int WindowSize = 0x3000, MsixVectorCount = 8, MsiVectorCount = 4;

    static class Regs
    {
        public static readonly RegisterMap Map = new("PROBE", 0x4000);
        public static readonly Register Echo = Map.R32((int)EchoAt).ReadWrite();
        public static readonly Register Doorbell = Map.R32((int)DoorbellAt).ReadWrite();
        public static readonly Register Address = Map.R64((int)AddressAt).ReadWrite();
        public static readonly Register Length = Map.R32((int)LengthAt).ReadWrite();
        public static readonly Register Command = Map.R32((int)CommandAt).ReadWrite();
        public static readonly Register Level = Map.R32((int)LevelAt).ReadWrite();
        public static readonly Register Result = Map.R32((int)ResultAt).ReadWrite();
        public static readonly Register Boom = Map.R32((int)BoomAt).ReadWrite();
        public static readonly Register Alarm = Map.R32((int)AlarmAt).ReadWrite();
        public static readonly MemoryWindow Window = Map.Memory((int)WindowAt, WindowSize);
    }

    static class Ports
    {
        public static readonly RegisterMap Map = new("PORTS", 16);
        public static readonly Register Scratch = Map.R32(0).ReadWrite();
    }

    static class Vectors
    {
        public static readonly RegisterMap Map = new("VECTORS", 0x1000);
    }

    readonly RegisterFile _regs;
    readonly InterruptLine[] _lines;
    DeviceTimer? _alarm;

    public ProbeDevice() : base(new PciIdentity(Vendor: 0x1234, Device: 0x5678, ClassCode: 0x118000))
    {
        _regs = Bar(0, Regs.Map);
        Bar(1, Ports.Map, BarKind.Io);
        Bar(2, Vectors.Map, BarKind.Memory64);
        HasIntx();
        Has(new PowerManagement());
        Has(new Msi(MsiVectorCount));
        Has(new Msix(MsixVectorCount, bar: 2, tableOffset: 0, pendingOffset: 0x800));
        Has(new PciExpress());
        _lines = [.. Enumerable.Range(0, MsixVectorCount).Select(Interrupt)];
        _regs.OnWrite(Regs.Doorbell, write => { Doorbells++; _lines[write.New % MsixVectorCount].Pulse(); });
        _regs.OnWrite(Regs.Level, write => _lines[0].Set(write.New != 0));
        _regs.OnWrite(Regs.Command, write => Copy((uint)write.New));
        _regs.OnWrite(Regs.Echo, _ => Echoes++);
        _regs.OnWrite(Regs.Alarm, write => _alarm!.Arm((long)write.New));
        _regs.OnWrite(Regs.Boom, _ => throw new InvalidOperationException("boom"));
    }

    /// <summary>When alarms went off, in device time.</summary>
    public List<long> Alarms { get; } = [];

    public int Resets { get; private set; }

    public int Doorbells { get; private set; }

    public int Echoes { get; private set; }

    public uint Echo => (uint)_regs[Regs.Echo];

    public Span<byte> Window => _regs[Regs.Window];

    public bool Reads(ulong address, Span<byte> destination) => Dma.Read(address, destination);

    public bool Writes(ulong address, ReadOnlySpan<byte> source) => Dma.Write(address, source);

    public void Assert(bool level) => _lines[0].Set(level);

    protected override void PluggedIn() => _alarm = Timer(Ring);

    void Ring()
    {
        Alarms.Add(Now);
        _lines[2].Pulse();
    }

    protected override void OnReset() => Resets++;

    void Copy(uint command)
    {
        var data = Window[..(int)Math.Min(_regs[Regs.Length], WindowSize)];
        var done = command == ReadMemory ? Dma.Read(_regs[Regs.Address], data) : Dma.Write(_regs[Regs.Address], data);
        _regs[Regs.Result] = done ? 1u : 0u;
        if (command == WriteThenInterrupt) _lines[1].Pulse();
    }
}
