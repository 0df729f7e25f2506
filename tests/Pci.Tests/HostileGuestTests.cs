namespace Understudy.Pci.Tests;

/// <summary>A guest that reads and writes anything anywhere.</summary>
public class HostileGuestTests
{
    sealed class Everything : PciDevice
    {
        static readonly RegisterMap Channel = new("Channel", 0x20);
        static readonly Register Control = Channel.R32(0).ReadWrite();
        static readonly RegisterMap Map = new("Everything", 0x3000);
        static readonly Register Target = Map.R64(0x00).ReadWrite();
        static readonly Register Go = Map.R16(0x08).ReadWrite();
        static readonly Register Status = Map.R32(0x10);
        static readonly Flag Done = Status.W1c(3);
        static readonly Register Mask = Map.R32(0x14).ReadWrite();
        static readonly Register Count = Map.R32(0x18).Todo();
        static readonly RegisterBlock First = Map.Include(0x100, Channel);
        static readonly RegisterBlock Second = Map.Include(0x11F + 1, Channel);
        static readonly MemoryWindow Buffer = Map.Memory(0x800, 0x400);

        readonly RegisterFile _registers;
        readonly InterruptBlock _interrupt;
        readonly List<InterruptLine> _lines = [];
        DeviceTimer? _work;

        public Everything() : base(new PciIdentity(1, 2, 3))
        {
            _registers = Bar(0, Map, BarKind.Memory64).OnWrite(Go, write => _work!.Arm((long)write.New));
            _registers[First].OnWrite(Control, write => Random.Next());
            _registers[Second].OnRead(Control, () => (ulong)Now);
            Bar(2, Map, BarKind.Io);
            Bar(3, new RegisterMap("Window", 100));
            Rom([0x55, 0xAA]);
            _interrupt = Interrupt(0, _registers, Status, Mask);
            for (var i = 1; i < 40; i++) _lines.Add(Interrupt(i));
            HasIntx();
            Has(new PowerManagement());
            Has(new Msi(8, perVectorMask: true));
            Has(new Msix(16, 0, 0x1000, 0x2000));
            Has(new PciExpress());
        }

        protected override void PluggedIn() => _work = Timer(Work);

        void Work()
        {
            Span<byte> data = stackalloc byte[64];
            Dma.Read(_registers[Target], data);
            Dma.Write(_registers[Target] ^ 0x1000, data);
            Dma.Publish(_registers[Target], _registers[Count], 4);
            _registers[Buffer][0]++;
            _interrupt.Raise(Done);
            var line = _lines[Random.Next(_lines.Count)];
            if (Random.Next(4) == 0) line.Pulse();
            else line.Set(!line.IsAsserted);
        }
    }

    [Theory]
    [InlineData(1, false)]
    [InlineData(2, true)]
    [InlineData(20261121, false)]
    public void Nothing_escapes(int seed, bool machineKeepsTable)
    {
        var random = new Random(seed);
        var faults = new FaultInjector();
        var loopback = new LoopbackBus(1 << 16);
        IPciBus bus = machineKeepsTable ? new Deaf(loopback) : loopback;
        var slot = new PciSlot<Everything>(bus, new Everything(), [new TraceRecorder(256), faults], seed);
        faults.Add(FaultRule.Parse("mmio-read * p=0.01 -> flip 0xffffffffffffffff"));
        faults.Add(FaultRule.Parse("irq * p=0.1 -> duplicate"));
        var data = new byte[8192];
        for (var i = 0; i < 100_000; i++)
        {
            if (i % 16 == 0) slot.Enable(7);
            var span = data.AsSpan(0, random.Next(50) == 0 ? random.Next(data.Length) : 1 << random.Next(4));
            random.NextBytes(span[..Math.Min(span.Length, 16)]);
            Poke(slot, random, span);
            if (i % 64 == 0) loopback.Time.Advance(random.Next(100_000));
            if (i % 5000 == 0) slot.Reset();
        }
        Assert.DoesNotContain(slot.Findings, finding => finding.Check == "model-crashed");
        Assert.All(slot.Findings.GroupBy(finding => finding.Check), group => Assert.InRange(group.Count(), 1, 100));
        slot.Reset();
        Assert.Equal(0x0002_0001u, slot.Config(0));
    }

    static void Poke(PciSlot slot, Random random, Span<byte> span)
    {
        var place = random.Next(4) switch { 0 => (ulong)random.NextInt64() * 2 + (ulong)random.Next(2), 1 => ulong.MaxValue - (ulong)random.Next(16), _ => (ulong)random.Next(0x3100) };
        var bar = random.Next(12) == 0 ? random.Next() : random.Next(7);
        var config = random.Next(8) == 0 ? random.Next(int.MinValue, int.MaxValue) : random.Next(0x120);
        var status = random.Next(4) switch
        {
            0 => slot.Read(bar, place, span),
            1 => slot.Write(bar, place, span),
            2 => slot.ReadConfig(config, span),
            _ => slot.WriteConfig(config, span),
        };
        Assert.True(Enum.IsDefined(status));
    }

    /// <summary>A loopback whose machine keeps the MSI-X table.</summary>
    sealed class Deaf(LoopbackBus bus) : IPciBus
    {
        public DeviceClock Clock => bus.Clock;

        public bool IsPowered => true;

        public bool OwnsMsixTable => true;

        public bool TryReadMemory(ulong address, Span<byte> destination) => bus.TryReadMemory(address, destination);

        public bool TryWriteMemory(ulong address, ReadOnlySpan<byte> source) => bus.TryWriteMemory(address, source);

        public void SetIntx(bool asserted) => bus.SetIntx(asserted);

        public void SendMessage(int vector, MsiMessage message) => bus.SendMessage(vector, message);
    }
}
