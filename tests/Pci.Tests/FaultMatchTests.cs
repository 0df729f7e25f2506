namespace Understudy.Pci.Tests;

public class FaultMatchTests
{
    readonly LoopbackBus _bus = new();
    readonly FaultInjector _faults = new();

    PciSlot<Nic> Plug(params string[] rules)
    {
        var slot = new PciSlot<Nic>(_bus, new Nic(), [_faults], seed: 1).Enable();
        foreach (var rule in rules) _faults.Add(FaultRule.Parse(rule));
        return slot;
    }

    long Struck => _faults.Tallies[^1].Struck;

    [Theory]
    [InlineData("access * -> drop", 3)]         // a write, a read, a read of configuration space
    [InlineData("mmio * -> drop", 2)]
    [InlineData("config * -> drop", 1)]
    [InlineData("mmio BAR2 -> drop", 2)]
    [InlineData("mmio BAR1 -> drop", 0)]
    [InlineData("mmio BAR2+0x3c -> drop", 1)]
    [InlineData("mmio bar2+0x30-0x3f -> drop", 1)]
    [InlineData("mmio 0x40+4 -> drop", 1)]
    [InlineData("mmio 0x44+4 -> drop", 0)]
    [InlineData("mmio MAC.Doorbell -> drop", 1)]
    [InlineData("access Config.VendorId -> drop", 1)]
    [InlineData("access * len=2 -> drop", 2)]
    [InlineData("mmio-read MAC.Doorbell -> drop", 0)]
    public void A_target_meets_what_it_names(string rule, int struck)
    {
        var slot = Plug(rule);
        slot.Write32(2, 0x40, 0x100);
        slot.Read16(2, 0x3C);
        slot.Config(0, 2);
        Assert.Equal(struck, Struck);
    }

    [Fact]
    public void Any_counts_what_crosses_the_bus_in_both_directions()
    {
        var slot = Plug();
        slot.SetConfig(slot.Find(5) + 2, 1, 2);
        _faults.CountTouches = true;
        slot.Write16(2, 0x3C, 0xFFFF);
        slot.Write32(2, 0x40, 0x1000);
        _bus.Time.Advance(1000);
        slot.Read16(2, 0x3E);
        Assert.Equal(
            ["MmioWrite MAC.IntrMask", "MmioWrite MAC.Doorbell", "DmaWrite Descriptor", "DmaWrite Descriptor", "Interrupt ", "MmioRead MAC.IntrStatus"],
            _faults.Touches.Select(touch => $"{touch.Op} {touch.Name}"));
        Assert.Equal((0x1004UL, 4, 2L), (_faults.Touches[2].Address, _faults.Touches[2].Length, _faults.TouchesOf(BusOp.DmaWrite)));
        _faults.CountTouches = false;
        Assert.Empty(_faults.Touches);
    }

    [Fact]
    public void Touch_N_of_a_run_is_match_N_of_the_same_run_again()
    {
        string[] Run(params string[] rules)
        {
            var (bus, faults) = (new LoopbackBus(), new FaultInjector { Orders = (_, _) => { } });
            var slot = new PciSlot<Nic>(bus, new Nic(), [faults]).Enable();
            slot.SetConfig(slot.Find(5) + 2, 1, 2);
            foreach (var rule in rules) faults.Add(FaultRule.Parse(rule));
            faults.CountTouches = true;
            slot.Write16(2, 0x3C, 0xFFFF);
            slot.Write32(2, 0x40, 0x1000);
            bus.Time.Advance(1000);
            slot.Read16(2, 0x3E);
            return [.. faults.Touches.Select((touch, index) => $"{index + 1} {touch.Op} {touch.Address:x}"), .. faults.Tallies.Select(tally => $"{tally.Struck}")];
        }
        var touches = Run();
        for (var n = 1; n <= touches.Length; n++) Assert.Equal("1", Run($"any * nth={n} -> do nothing")[^1]);
        Assert.Equal("0", Run($"any * nth={touches.Length + 1} -> remove")[^1]);
    }

    [Fact]
    public void The_touches_kept_have_a_bound_and_the_counts_have_none()
    {
        var slot = Plug();
        _faults.CountTouches = true;
        for (var i = 0; i < 100_010; i++) slot.Config(0);
        Assert.Equal((100_000, 100_010L), (_faults.Touches.Count, _faults.TouchesOf(BusOp.ConfigRead)));
    }

    [Theory]
    [InlineData("mmio-read MAC.IntrStat -> drop", "did you mean MAC.IntrStatus")]
    [InlineData("mmio-read IntrStatus -> drop", "did you mean MAC.IntrStatus")]
    [InlineData("mmio-read MAC.ChipCmd.LinkSped -> drop", "did you mean MAC.ChipCmd.LinkSpeed")]
    [InlineData("config-read Config.VendorID2 -> drop", "did you mean Config.VendorId")]
    [InlineData("dma-write Descripter -> drop", "did you mean Descriptor?")]
    [InlineData("dma-write 0x20-0x10 -> drop", "its range ends before it begins")]
    [InlineData("mmio-read MAC.Elephant -> drop", "that a mmio-read can reach; write BLOCK.Register")]
    public void A_target_that_is_none_names_the_nearest(string rule, string says)
        => Assert.Contains(says, Assert.Throws<FormatException>(() => Plug(rule)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("irq * -> drop", "irq 0 nth=3 -> duplicate")]
    [InlineData("any * -> drop", "mmio-read MAC.IntrStatus -> flip 1")]
    [InlineData("mmio * -> drop", "mmio MAC.IntrStatus -> value 1")]
    [InlineData("irq 0 nth=3 -> drop", "irq 0 nth=3 -> duplicate")]
    [InlineData("mmio-read MAC.IntrStatus -> flip 0x1", "mmio-read MAC.IntrStatus -> flip 0x1")]
    public void A_rule_that_another_leaves_nothing_is_refused(string first, string second)
    {
        var slot = Plug(first);
        Assert.Contains($"can never strike: '{first}' was there first", Assert.Throws<FormatException>(() => _faults.Add(FaultRule.Parse(second))).Message, StringComparison.Ordinal);
        slot.Read16(2, 0x3E);
    }

    [Theory]
    [InlineData("irq 0 nth=3 -> drop", "irq 0 nth=4 -> drop")]
    [InlineData("irq 0 -> drop", "irq 1 -> drop")]
    [InlineData("any * -> timeout", "dma-write * -> drop")]
    [InlineData("mmio BAR1 -> drop", "mmio BAR2 -> drop")]
    [InlineData("mmio-read MAC.IntrStatus p=0.5 -> flip 1", "mmio-read MAC.IntrStatus -> flip 2")]
    [InlineData("dma-write * len=4 -> drop", "dma-write * -> duplicate")]
    public void Rules_that_leave_each_other_something_are_not(string first, string second) => Plug(first, second);

    [Fact]
    public void Every_rule_counts_every_match_whichever_strikes()
    {
        var slot = Plug("mmio-read * nth=1 -> value 1", "mmio-read * nth=2 -> value 2");
        Assert.Equal([1u, 2u, 0u], [slot.Read16(2, 0x3C), slot.Read16(2, 0x3C), slot.Read16(2, 0x3C)]);
    }

    [Fact]
    public void A_rule_strikes_within_its_time()
    {
        var slot = Plug("mmio-read * from=10us to=20us nth=2 -> drop");
        var seen = new List<uint>();
        for (var i = 0; i < 6; i++, _bus.Time.Advance(4_000)) seen.Add(slot.Read16(2, 0x3C));
        Assert.Equal([0, 0, 0, 0, 0xFFFF, 0], seen);
    }

    [Fact]
    public void A_rule_that_waits_for_an_event_counts_from_there()
    {
        var slot = Plug("mmio-read * after=\"changelink\" nth=2 -> drop");
        slot.Read16(2, 0x3C);
        slot.Do(nic => nic.ChangeLink());
        Assert.Equal((0u, 0xFFFFu, 0u), (slot.Read16(2, 0x3C), slot.Read16(2, 0x3C), slot.Read16(2, 0x3C)));
    }

    [Fact]
    public void Once_is_once()
    {
        var slot = Plug("mmio-read * every=2 once -> drop");
        Assert.Equal([0u, 0xFFFFu, 0u, 0u], [slot.Read16(2, 0x3C), slot.Read16(2, 0x3C), slot.Read16(2, 0x3C), slot.Read16(2, 0x3C)]);
    }

    [Fact]
    public void A_rule_that_must_be_armed_sleeps_until_it_is_and_counts_anew_each_time()
    {
        var slot = Plug("mmio-read * nth=2 armed -> drop");
        uint[] Three() => [slot.Read16(2, 0x3C), slot.Read16(2, 0x3C), slot.Read16(2, 0x3C)];
        Assert.Equal([0u, 0u, 0u], Three());
        _faults.Armed = true;
        Assert.Equal([0u, 0xFFFFu, 0u], Three());
        _faults.Armed = false;
        Assert.Equal([0u, 0u, 0u], Three());
        _faults.Armed = true;
        Assert.Equal([0u, 0xFFFFu, 0u], Three());
        Assert.Equal(2, Struck);
    }

    [Fact]
    public void A_rule_that_did_nothing_says_so()
    {
        var slot = Plug("irq 7 -> drop", "mmio-read * nth=9 -> drop", "config-read * -> drop");
        slot.Read16(2, 0x3C);
        slot.Config(0);
        Assert.Equal(["armed, never matched: irq 7 -> drop", "armed, matched 1 times, never struck: mmio-read * nth=9 -> drop", null], _faults.Tallies.Select(tally => tally.Complaint));
        _faults.Clear();
        Assert.Equal(3, _faults.Tallies.Count);
    }

    [Fact]
    public void Rules_have_a_bound()
    {
        Plug();
        for (var i = 0; i < 256; i++) _faults.Add(FaultRule.Parse($"irq {i} -> drop"));
        Assert.Contains("256 fault rules already", Assert.Throws<FormatException>(() => _faults.Add(FaultRule.Parse("irq 256 -> drop"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_strike_is_a_line_of_the_trace()
    {
        var trace = new TraceRecorder(64);
        var slot = new PciSlot<Nic>(_bus, new Nic(), [trace, _faults]);
        _faults.Add(FaultRule.Parse("config-read Config.VendorId -> fail"));
        slot.Config(0);
        Assert.Contains("-- Fault: config-read Config.VendorId -> fail", trace.ToString(), StringComparison.Ordinal);
    }
}
