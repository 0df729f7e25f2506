namespace Understudy.Pci.Tests;

[Collection(nameof(Allocation))]
public class ReplayTests
{
    readonly LoopbackBus _bus = new();
    readonly MemoryStream _file = new();
    readonly FaultInjector _faults = new();

    /// <summary>A session with every kind of entry: configuration, registers, a doorbell, its timer, DMA both ways, interrupts, resets.</summary>
    (DeviceRecorder Recorder, PciSlot<Nic> Slot) Session(Action<PciSlot<Nic>>? more = null)
    {
        var recorder = new DeviceRecorder(_file, "nic");
        var slot = new PciSlot<Nic>(_bus, new Nic(), [recorder, _faults], seed: 7).Enable();
        slot.SetConfig(slot.Find(5) + 2, 1, 2);
        slot.Write16(2, 0x3C, 0xFFFF);
        for (var i = 0; i < 5; i++)
        {
            slot.Write32(2, 0x40, 0x1000 + 0x100 * (uint)i);
            _bus.Time.Advance(1500);
            slot.Read32(2, 0x3C);
            slot.Write16(2, 0x3E, 0xFFFF);
            more?.Invoke(slot);
        }
        slot.Reset();
        slot.Read32(2, 0x3C);
        slot.Read32(2, 0x800);
        recorder.Flush();
        return (recorder, slot);
    }

    DeviceRecorder SessionWith(string rule) => Session(_ =>
    {
        if (_faults.Tallies.Count == 0) _faults.Add(FaultRule.Parse(rule));
    }).Recorder;

    ReplayResult Replay(Func<PciDevice>? device = null, Action<PciDevice, string>? orders = null, long? until = null, long? untilNanoseconds = null)
    {
        _file.Position = 0;
        return DeviceReplay.Run(_file, _ => device?.Invoke() ?? new Nic(), orders, until, untilNanoseconds);
    }

    [Fact]
    public void A_fresh_device_does_it_all_again()
    {
        var (recorder, _) = Session();
        var result = Replay();
        Assert.Equal((ReplayEnd.Equal, recorder.Count, ""), (result.End, result.Entries, result.Text));
        Assert.True(recorder.Count > 60);
        Assert.Contains("DmaWrite 0x1400 +4 = 0x80000000", result.Trace, StringComparison.Ordinal);
        _file.Position = 0;
        Assert.Equal(new RecordHeader("nic", 7, 0, false), DeviceReplay.ReadHeader(_file));
    }

    [Fact]
    public void A_device_that_does_something_else_is_stopped_there_and_both_are_named()
    {
        Session();
        var changed = new Nic();
        var transmitted = 0;
        changed.OnTransmit = () => { if (++transmitted == 3) changed.Registers[Nic.Mac.Doorbell] = 0x2000; };
        var result = Replay(() => changed);
        Assert.Equal((ReplayEnd.Different, 3500L), (result.End, result.DeviceTime - 500));
        Assert.Equal("recorded: DmaWrite 0x1204 +4 = 0x40 at 4000 ns\nreplayed: DmaWrite 0x2004 +4 = 0x40 at 4000 ns", result.Text);
        Assert.Equal(3, transmitted);
    }

    [Theory]
    [InlineData("recorded: timer 'Transmit'", true)]
    [InlineData("recorded: Interrupt vector 0", false)]
    public void A_device_that_does_less_is_found_too(string words, bool timerGone)
    {
        Session();
        var result = Replay(() => new Silent(timerGone));
        Assert.Equal(ReplayEnd.Different, result.End);
        Assert.StartsWith(words, result.Text, StringComparison.Ordinal);
    }

    // A Nic without its timer, or without its interrupt: what is left of it is enough to begin with.
    sealed class Silent : PciDevice
    {
        readonly bool _timerGone;
        readonly RegisterFile _mac;
        DeviceTimer? _transmit;

        public Silent(bool timerGone) : base(new PciIdentity(0x10EC, 0x8168, 0x020000))
        {
            _timerGone = timerGone;
            _mac = Bar(2, Nic.Mac.Map);
            _mac.OnWrite(Nic.Mac.Doorbell, _ => { if (!_timerGone) _transmit!.Arm(1000); });
            HasIntx();
            Has(new PowerManagement());
            Has(new Msi());
            Has(new PciExpress());
        }

        protected override void PluggedIn() => _transmit = Timer(Transmit);

        void Transmit()
        {
            Dma.Publish(_mac[Nic.Mac.Address], new Nic.Descriptor(0x8000_0000, 64), ownerOffset: 0);
            _mac[Nic.Mac.TxDone] = true;
        }
    }

    [Fact]
    public void What_was_read_from_memory_is_read_again()
    {
        var words = new List<uint>();
        var recorder = new DeviceRecorder(_file, "reader");
        var slot = new PciSlot(_bus, Reader(words), [recorder]).Enable();
        for (var i = 0; i < 3; i++)
        {
            _bus.Memory[0x100] = (byte)(i + 1);
            slot.Write32(0, 0, i < 2 ? 0x100 : 0xFFFF_0000);
        }
        recorder.Flush();
        var before = words.ToList();
        words.Clear();
        Assert.Equal(ReplayEnd.Equal, Replay(() => Reader(words)).End);
        Assert.Equal([1, 2, uint.MaxValue], words);
        Assert.Equal(before, words);
    }

    static Gadget Reader(List<uint> words)
    {
        var map = new RegisterMap("Reader", 0x100);
        var address = map.R32(0, name: "Address").ReadWrite();
        Gadget? gadget = null;
        return gadget = new Gadget(g => g.AddBar(0, map).OnWrite(address, write =>
        {
            var ok = gadget!.Memory.Read(write.Written, out uint word);
            words.Add(word);
            Assert.Equal(write.Written == 0x100, ok);
        }));
    }

    [Fact]
    public void What_was_said_in_words_is_said_again_and_what_was_done_in_C_cannot_be()
    {
        Session(slot => slot.Order("link change", "nic link change", device => { ((Nic)device).ChangeLink(); return 0; }));
        var said = new List<string>();
        Assert.Equal(ReplayEnd.Equal, Replay(orders: (device, words) => { said.Add(words); ((Nic)device).ChangeLink(); }).End);
        Assert.Equal(Enumerable.Repeat("link change", 5), said);
        Assert.Equal((ReplayEnd.NotReplayable, "'link change' was ordered, and nobody here takes orders"), (Replay().End, Replay().Text));
        Assert.Equal(ReplayEnd.NotReplayable, Replay(orders: (_, _) => throw new FormatException("no such order")).End);
    }

    [Theory]
    [InlineData("mmio-write MAC.Doorbell every=2 -> do link change", 2)]
    [InlineData("dma-write * nth=2 -> do link change", 1)]
    [InlineData("irq 0 nth=2 -> do link change", 1)]
    public void What_a_fault_rule_orders_is_ordered_again(string rule, int times)
    {
        _faults.Orders = (device, _) => ((Nic)device).ChangeLink();
        SessionWith(rule);
        var said = new List<string>();
        var result = Replay(orders: (device, words) => { said.Add(words); ((Nic)device).ChangeLink(); });
        Assert.Equal((ReplayEnd.Equal, ""), (result.End, result.Text));
        Assert.Equal(Enumerable.Repeat("link change", times), said);
    }

    [Fact]
    public void A_stimulus_in_C_stops_a_replay_and_is_named()
    {
        Session(slot => slot.Do(nic => nic.ChangeLink()));
        var result = Replay();
        Assert.Equal(ReplayEnd.NotReplayable, result.End);
        Assert.StartsWith("'nic => nic.ChangeLink()' was done to the device in C#", result.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("irq 0 every=2 -> drop")]
    [InlineData("mmio-read MAC.IntrStatus every=2 -> value 0xffff")]
    [InlineData("dma-write * nth=3 -> drop")]
    [InlineData("mmio-write MAC.Doorbell nth=2 -> drop")]
    [InlineData("mmio-write MAC.Doorbell nth=2 -> duplicate")]
    [InlineData("mmio-read * nth=4 -> remove")]
    [InlineData("mmio-read * nth=2 -> delay 10us")]
    [InlineData("mmio-write MAC.Doorbell nth=2 -> delay 5us")]
    [InlineData("dma-write * nth=2 -> delay 5us")]
    [InlineData("irq 0 nth=2 -> delay 3us")]
    [InlineData("dma-write * nth=2 -> reorder")]
    [InlineData("mmio-write * nth=3 -> reorder")]
    [InlineData("dma-write * nth=2 -> torn 1us")]
    [InlineData("irq 0 nth=1 -> storm 5")]
    [InlineData("irq 0 nth=1 -> spurious")]
    [InlineData("dma-write * nth=2 -> unmapped")]
    [InlineData("dma-write * nth=1 -> partial 2")]
    [InlineData("mmio-read * nth=2 -> reset")]
    [InlineData("dma-write * nth=3 -> reset")]
    [InlineData("mmio-read * nth=2 -> link-down 2us")]
    [InlineData("reset * -> flr-hang 5us")]
    [InlineData("config-read * nth=1 -> becomes 0x5")]
    [InlineData("mmio-read * p=0.5 -> corrupt 3")]
    [InlineData("mmio-read MAC.IntrStatus nth=2 -> stale")]
    public void Faults_on_the_bus_are_part_of_what_the_device_met(string rule)
    {
        var recorder = SessionWith(rule);
        Assert.Equal((ReplayEnd.Equal, recorder.Count, ""), (Replay().End, Replay().Entries, Replay().Text));
    }

    [Fact]
    public void It_stops_where_it_is_told()
    {
        Session();
        Assert.Equal((ReplayEnd.Stopped, 10), (Replay(until: 10).End, Replay(until: 10).Entries));
        var result = Replay(untilNanoseconds: 2500);
        Assert.Equal(ReplayEnd.Stopped, result.End);
        Assert.InRange(result.DeviceTime, 1, 2500);
    }

    [Fact]
    public void A_recording_cut_off_anywhere_is_equal_up_to_there()
    {
        Session();
        var whole = _file.ToArray();
        for (var length = 0; length < whole.Length; length += 7)
        {
            using var cut = new MemoryStream(whole, 0, length);
            if (length < 31) Assert.Throws<InvalidDataException>(() => DeviceReplay.Run(cut, _ => new Nic()));
            else Assert.Equal(ReplayEnd.Equal, DeviceReplay.Run(cut, _ => new Nic()).End);
        }
    }

    [Fact]
    public void Bytes_that_are_wrong_break_nothing()
    {
        Session();
        var random = new Random(1);
        for (var i = 0; i < 500; i++)
        {
            var bytes = _file.ToArray();
            for (var n = 0; n < 3; n++) bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
            using var bad = new MemoryStream(bytes);
            try
            {
                Assert.True(Enum.IsDefined(DeviceReplay.Run(bad, _ => new Nic()).End));
            }
            catch (InvalidDataException wrong)
            {
                Assert.NotEmpty(wrong.Message);
            }
        }
    }

    [Fact]
    public void Recording_allocates_nothing()
    {
        var recorder = new DeviceRecorder(Stream.Null, "nic");
        var slot = new PciSlot<Nic>(_bus, new Nic(), [new TraceRecorder(), recorder]).Enable();
        slot.SetConfig(slot.Find(5) + 2, 1, 2);
        slot.Write16(2, 0x3C, 0xFFFF);
        void Drive(int rounds)
        {
            for (var i = 0; i < rounds; i++)
            {
                slot.Write32(2, 0x40, 0x1000);
                _bus.Time.Advance(1000);
                slot.Read32(2, 0x3C);
                slot.Write16(2, 0x3E, 0xFFFF);
            }
        }
        Drive(2000);
        Assert.Equal(0, Allocation.Of(() => Drive(50_000)));
    }

    sealed class FullDisk : MemoryStream
    {
        public override void Write(ReadOnlySpan<byte> buffer) => throw new IOException("No space left on device");
    }

    [Fact]
    public void A_full_disk_ends_the_recording_and_not_the_run()
    {
        using var recorder = new DeviceRecorder(new FullDisk(), "nic");
        var slot = new PciSlot<Nic>(_bus, new Nic(), [recorder]).Enable();
        for (var i = 0; i < 10_000; i++) slot.Write16(2, 0x3C, 1);
        Assert.Equal("No space left on device", recorder.Failure?.Message);
        Assert.Empty(slot.Findings);
    }
}
