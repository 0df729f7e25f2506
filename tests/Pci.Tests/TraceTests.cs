namespace Understudy.Pci.Tests;

public class TraceTests
{
    readonly LoopbackBus _bus = new();
    readonly TraceRecorder _trace = new(64);

    PciSlot<Nic> Plug()
    {
        var slot = new PciSlot<Nic>(_bus, new Nic(), [_trace]).Enable();
        slot.SetConfig(slot.Find(5) + 2, 1, 2);
        return slot;
    }

    [Fact]
    public void A_trace_reads_like_the_datasheet()
    {
        var slot = Plug();
        var from = _trace.Count;
        slot.Write16(2, 0x3C, 1 << 5 | 1);
        slot.Write8(2, 0x37, 3);
        slot.Do(nic => nic.ChangeLink());
        slot.Read32(2, 0x3C);
        slot.Read(2, 0x3F, 1);
        slot.Write32(2, 0x40, 0x200);
        _bus.Time.Advance(1500);
        slot.Read(2, 0x35, 4);
        slot.Read32(2, 0x80);
        slot.Read32(3, 4);
        slot.Config(0, 4);
        slot.ReadConfig(0x3C, new byte[12]);
        slot.Reset();

        Assert.Equal("""
                       0 ns MmioWrite MAC.IntrMask = 0x21 {Unmasked=0x21}
                       0 ns MmioWrite MAC.ChipCmd = 0x3 {LinkSpeed=Fast}
                       0 ns -- Stimulus: nic => nic.ChangeLink()
                       0 ns Interrupt vector 0
                       0 ns MmioRead MAC.IntrMask = 0x21 {Unmasked=0x21}, MAC.IntrStatus = 0x20 {LinkChange}
                       0 ns MmioRead MAC.IntrStatus[15:8] = 0x0
                       0 ns MmioWrite MAC.Doorbell = 0x200 {Address=0x200}
                    1000 ns -- Timer: Transmit
                    1000 ns DmaWrite 0x204 +4 = 0x40
                    1000 ns DmaWrite 0x200 +4 = 0x80000000
                    1500 ns MmioRead MAC+0x35 = 0x30000
                    1500 ns -- Finding: MmioRead of 4 bytes at MAC+0x35, where the datasheet is silent
                    1500 ns MmioRead MAC+0x80 = 0x0
                    1500 ns -- Finding: MmioRead of 4 bytes at MAC+0x80, where the datasheet is silent
                    1500 ns MmioRead Bar3+0x4 = 0xffffffff  [UnsupportedRequest]
                    1500 ns ConfigRead Config.VendorId = 0x10ec, Config.DeviceId = 0x8168
                    1500 ns ConfigRead Config.InterruptLine = 0x0, Config.InterruptPin = 0x1, Config.MinGnt = 0x0, Config.MaxLat = 0x0, Config.PowerManagementId = 0x1, Config.PowerManagementNext = 0x48, Config.PmCapabilities = 0xc803 ... (12 bytes)
                    1500 ns Reset

            """.ReplaceLineEndings("\n").Replace("            ", "", StringComparison.Ordinal),
            string.Concat(_trace.Tail((int)(_trace.Count - from))).Replace("            ", "", StringComparison.Ordinal));
    }

    [Fact]
    public void Included_blocks_and_the_MSIX_table_are_named_by_their_place()
    {
        var channel = new RegisterMap("Channel", 16);
        channel.R32(4, name: "Control").ReadWrite();
        var map = new RegisterMap("Engine", 0x1000);
        map.Include(0x10, channel, "First");
        map.Include(0x20, channel, "Second");
        var slot = new PciSlot(_bus, new Gadget(g => { g.AddBar(0, map); g.Add(new Msix(4, 0, 0x800, 0x900)); }), [_trace]).Enable();
        slot.Read32(0, 0x24);
        slot.Write32(0, 0x81C, 1);
        Assert.Equal(["MmioRead Engine.Second.Control = 0x0", "MmioWrite MsixTable.VectorControl[1] = 0x1 {Mask}"], Last(2));
    }

    [Fact]
    public void A_refused_read_shows_the_ones_that_came_back()
    {
        var slot = Plug();
        slot.Enable(0);
        slot.Read16(2, 0x3C);
        Assert.Contains("MmioRead MAC.IntrMask = 0xffff {Unmasked=0xffff}  [UnsupportedRequest]", Last(2));
    }

    [Fact]
    public void The_ring_keeps_the_last_and_counts_them_all()
    {
        var slot = Plug();
        var before = _trace.Count;
        for (var i = 0; i < 100; i++) slot.Write32(2, 0x40, (uint)i);
        Assert.Equal(before + 100, _trace.Count);
        var entries = new TraceEntry[200];
        Assert.Equal(64, _trace.Read(0, entries, out var next));
        Assert.Equal(_trace.Count, next);
        Assert.Equal(Enumerable.Range(36, 64).Select(i => (ulong)i), entries.Take(64).Select(entry => entry.Value));
        Assert.Equal(0, _trace.Read(next, entries, out _));
        Assert.Equal(10, _trace.Read(next - 30, entries.AsSpan(0, 10), out var after));
        Assert.Equal(next - 20, after);
        Assert.Equal(64, _trace.ToString().Count(c => c == '\n'));
    }

    [Fact]
    public void A_transaction_overtaken_by_its_own_consequences_spoils_nobodys_entry()
    {
        var trace = new TraceRecorder(4);
        var map = new RegisterMap("M", 16);
        var go = map.R32(0, name: "Go").ReadWrite();
        Gadget gadget = null!;
        gadget = new Gadget(g => g.AddBar(0, map).OnRead(go, () =>
        {
            for (var i = 0u; i < 6; i++) gadget.Memory.Write(i * 4, i);
            return 0xBEEF;
        }));
        var slot = new PciSlot(_bus, gadget, [trace]).Enable();
        Assert.Equal(0xBEEFu, slot.Read32(0, 0));
        Assert.DoesNotContain("beef", trace.ToString(), StringComparison.Ordinal);
        Assert.Equal(4, trace.ToString().Split("DmaWrite").Length - 1);
    }

    [Fact]
    public void Host_and_device_time_only_go_forward()
    {
        var slot = Plug();
        for (var i = 0; i < 10; i++) { slot.Config(0); _bus.Time.Advance(5); }
        var entries = new TraceEntry[64];
        var count = _trace.Read(0, entries, out _);
        Assert.All(entries.Take(count).Zip(entries.Skip(1).Take(count - 1)), pair =>
            Assert.True(pair.First.HostTicks <= pair.Second.HostTicks && pair.First.DeviceTime <= pair.Second.DeviceTime));
    }

    [Fact]
    public void A_recorder_belongs_to_one_slot_and_needs_room()
    {
        Plug();
        Assert.Throws<InvalidOperationException>(() => Plug());
        Assert.Throws<ArgumentOutOfRangeException>(() => new TraceRecorder(0));
    }

    string[] Last(int lines) => [.. _trace.Tail(lines).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line[(line.IndexOf("ns ", StringComparison.Ordinal) + 3)..])];
}
