namespace Understudy.Pci.Tests;

public class FaultTests
{
    readonly LoopbackBus _bus = new();
    readonly FaultInjector _faults = new();

    static readonly string[] s_words = ["config-read", "config-write", "mmio-read", "mmio-write", "dma-read", "dma-write", "irq", "intx", "intx-release", "reset"];

    PciSlot<Nic> Plug(params string[] rules)
    {
        var slot = new PciSlot<Nic>(_bus, new Nic(), [_faults], seed: 1).Enable();
        foreach (var rule in rules) _faults.Add(FaultRule.Parse(rule));
        return slot;
    }

    [Theory]
    [InlineData("irq 0 -> drop")]
    [InlineData("irq 0 every=10 -> drop")]
    [InlineData("mmio-read MAC.IntrStatus nth=3 -> value 0xffff")]
    [InlineData("mmio-read * -> remove")]
    [InlineData("dma-write 0x1000 p=0.25 -> fail")]
    [InlineData("dma-read * nth=6 every=3 p=0.5 -> flip 0x80")]
    [InlineData("any * nth=17 -> remove")]
    [InlineData("access 0x10-0x1f len=4 once -> timeout")]
    [InlineData("mmio-read MAC.ChipCmd.LinkSpeed -> stuck 0")]
    [InlineData("mmio BAR2+0x40 from=10ms to=1s -> delay 1500us")]
    [InlineData("irq * after=\"cable off\" once armed -> storm 100")]
    [InlineData("dma-write Descriptor -> torn")]
    [InlineData("dma-write * -> torn 3ns")]
    [InlineData("dma * -> corrupt 12")]
    [InlineData("reset * -> flr-hang")]
    [InlineData("mmio-write MAC.Doorbell -> do fail-tx now")]
    [InlineData("config-read Config.VendorId -> value 0x0")]
    [InlineData("config-write * -> drop")]
    [InlineData("mmio-write * -> duplicate")]
    [InlineData("intx * -> drop")]
    [InlineData("intx-release * -> drop")]
    [InlineData("reset * -> drop")]
    public void A_rule_reads_back_as_it_was_written(string text) => Assert.Equal(text, FaultRule.Parse(text).ToString());

    [Fact]
    public void Every_operation_and_effect_has_a_text_form()
    {
        foreach (var op in Enum.GetValues<BusOp>())
            foreach (var kind in Enum.GetValues<FaultKind>())
            {
                if (!FaultCatalog.Of(kind).Strikes(op)) continue;
                foreach (var effect in FaultCatalog.Of(kind).Samples)
                {
                    var rule = new FaultRule(s_words[(int)op], "*", effect) { When = new FaultWhen(Nth: 4, Probability: 0.1) };
                    Assert.Equal(rule, FaultRule.Parse(rule.ToString()));
                    Assert.True(rule.Covers(op));
                }
            }
    }

    [Fact]
    public void Text_that_is_no_rule_is_a_format_error_whatever_it_is()
    {
        var random = new Random(5);
        string[] pieces = ["irq", "any", "mmio-read", "*", "0x10-0x20", "BAR2+", "nth=3", "nth=99999999999", "every=2", "p=0.5", "from=1e9s", "to=2ms", "after=\"x\"", "after=", "len=4",
            "once", "armed", "->", "-> drop", "value", "0x10", "delay", "10us", "stuck", "1", "do", "\"", "=", "MAC.IntrStatus", "\0", "->->", "ß"];
        for (var i = 0; i < 20_000; i++)
        {
            var text = string.Join(random.Next(9) == 0 ? "" : " ", Enumerable.Range(0, random.Next(9)).Select(_ => pieces[random.Next(pieces.Length)]));
            try
            {
                var rule = FaultRule.Parse(text);
                Assert.Equal(rule, FaultRule.Parse(rule.ToString()));
            }
            catch (FormatException)
            {
                continue;
            }
        }
        Assert.Throws<FormatException>(() => FaultRule.Parse(new string('x', 1 << 20) + " 0 -> drop"));
    }

    [Theory]
    [InlineData("", "'->'")]
    [InlineData("irq 0 drop", "'->'")]
    [InlineData("irq 0 -> drop -> drop", "'->'")]
    [InlineData("irq -> drop", "starts with an operation")]
    [InlineData("boom 0 -> drop", "does not know the operation 'boom'; it is one of config-read")]
    [InlineData("irq 0 -> melt", "does not know the effect 'melt'; it is one of drop")]
    [InlineData("irq 0 -> ", "does not know the effect")]
    [InlineData("irq 0 nth=0 -> drop", "does not understand 'nth=0'")]
    [InlineData("irq 0 nth=x -> drop", "does not understand 'nth=x'")]
    [InlineData("irq 0 every=-1 -> drop", "does not understand 'every=-1'")]
    [InlineData("irq 0 p=0 -> drop", "does not understand 'p=0'")]
    [InlineData("irq 0 p=1.5 -> drop", "does not understand 'p=1.5'")]
    [InlineData("irq 0 p=NaN -> drop", "does not understand 'p=NaN'")]
    [InlineData("irq 0 sometimes -> drop", "does not understand 'sometimes'")]
    [InlineData("irq 0 a=b=c -> drop", "does not understand 'a=b=c'")]
    [InlineData("irq 0 -> drop 5", "ends in what 'drop' does not take: write drop")]
    [InlineData("mmio-read 0 -> value", "ends in what 'value' does not take: write value N")]
    [InlineData("mmio-read 0 -> value soup", "needs a number such as 0xffff after 'value', which 'soup' is not")]
    [InlineData("mmio-read 0 -> stuck 2", "needs 0 or 1 after 'stuck'")]
    [InlineData("mmio-read 0 -> delay 5", "needs a time such as 10us after 'delay'")]
    [InlineData("mmio-read 0 -> do", "gives no order: write do ORDER...")]
    [InlineData("mmio-write 0 -> stale", "can do nothing: 'stale' is for config-read, mmio-read, dma-read")]
    [InlineData("irq 0 -> flip 1", "can do nothing: 'flip' is for config-read")]
    [InlineData("mmio-raed 0 -> drop", "did you mean mmio-read?")]
    [InlineData("irq 0 -> dropp", "did you mean drop?")]
    [InlineData("irq 0 len=4 -> drop", "can never match: irq moves no bytes")]
    [InlineData("dma * nth=4 every=3 -> drop", "can never strike: match 4 is none of every 3")]
    [InlineData("dma * from=2ms to=1ms -> drop", "can never strike: it ends at 1ms, and begins at 2ms")]
    [InlineData("dma * from=soon -> drop", "does not understand 'from=soon'")]
    [InlineData("dma * from=99999999999999999999s -> drop", "does not understand 'from=")]
    [InlineData("dma * after=\"cable -> drop", "has a quote that does not end")]
    public void A_rule_that_is_none_says_what_is_wrong(string text, string says)
        => Assert.Contains(says, Assert.Throws<FormatException>(() => FaultRule.Parse(text)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("mmio-read MAC.Nonsense -> drop")]
    [InlineData("config-read MAC.IntrMask -> drop")]
    [InlineData("irq MAC.IntrMask -> drop")]
    public void A_target_the_device_does_not_have_is_refused(string rule)
        => Assert.Contains("is no register of Nic", Assert.Throws<FormatException>(() => Plug(rule)).Message, StringComparison.Ordinal);

    [Fact]
    public void Drop_loses_a_write_and_turns_a_read_into_ones()
    {
        var slot = Plug("mmio-write MAC.IntrMask nth=1 -> drop", "mmio-read MAC.IntrMask nth=2 -> drop");
        Assert.Equal(BusStatus.Dropped, slot.Write16(2, 0x3C, 0x11));
        Assert.Equal(0u, slot.Read16(2, 0x3C));
        Assert.Equal(0xFFFFu, slot.Read16(2, 0x3C));
        slot.Write16(2, 0x3C, 0x22);
        Assert.Equal(0x22u, slot.Read16(2, 0x3C));
    }

    [Fact]
    public void Fail_refuses()
    {
        var slot = Plug("config-read Config.VendorId every=2 -> fail");
        Assert.Equal(0x10ECu, slot.Config(0, 2));
        Assert.Equal(0xFFFFu, slot.Config(0, 2));
        Assert.Equal(BusStatus.UnsupportedRequest, Plug2("config-write * -> fail").SetConfig(4, 0, 2));

        static PciSlot Plug2(string rule)
        {
            var faults = new FaultInjector();
            var slot = new PciSlot(new LoopbackBus(), new Nic(), [faults]);
            faults.Add(FaultRule.Parse(rule));
            return slot;
        }
    }

    [Fact]
    public void Duplicate_does_it_twice()
    {
        var slot = Plug("irq 0 -> duplicate");
        slot.SetConfig(slot.Find(5) + 2, 1, 2);
        slot.Write16(2, 0x3C, 0xFFFF);
        slot.Do(nic => nic.ChangeLink());
        Assert.Equal(2, _bus.Interrupts[0]);
    }

    [Fact]
    public void Every_other_interrupt_is_lost()
    {
        var slot = Plug("irq 0 every=2 -> drop");
        slot.SetConfig(slot.Find(5) + 2, 1, 2);
        slot.Write16(2, 0x3C, 0xFFFF);
        for (var i = 0; i < 10; i++)
        {
            slot.Do(nic => nic.ChangeLink());
            slot.Write16(2, 0x3E, 0xFFFF);
        }
        Assert.Equal(5, _bus.Interrupts[0]);
    }

    [Theory]
    [InlineData("mmio-read MAC.IntrStatus -> value 0xabcd", 0x3E, 2, 0xABCDUL)]
    [InlineData("mmio-read MAC.IntrStatus -> value 0xabcd", 0x3C, 4, 0xABCD_1234UL)]
    [InlineData("mmio-read MAC.IntrStatus -> value 0xabcd", 0x3F, 1, 0xABUL)]
    [InlineData("mmio-read MAC.IntrStatus -> value 0xabcd", 0x3C, 2, 0x1234UL)]
    [InlineData("mmio-read mac.intrmask -> flip 0x0101", 0x3C, 4, 0x0000_1335UL)]
    [InlineData("mmio-read 0x3d -> value 0x77", 0x3C, 2, 0x7734UL)]
    [InlineData("mmio-read * -> value 0x1122", 0x3C, 4, 0x1122UL)]
    public void A_changed_read_changes_where_its_target_lies(string rule, int offset, int bytes, ulong expected)
    {
        var slot = Plug();
        slot.Write16(2, 0x3C, 0x1234);
        _faults.Add(FaultRule.Parse(rule));
        Assert.Equal(expected, slot.Read(2, (ulong)offset, bytes));
    }

    [Fact]
    public void A_value_put_on_a_DMA_read_reaches_the_device()
    {
        var gadget = new Gadget();
        new PciSlot(_bus, gadget, [_faults]).Enable();
        _faults.Add(FaultRule.Parse("dma-read 0x100 -> flip 0xff"));
        gadget.Memory.Read(0xFF, out uint value);
        Assert.Equal(0x0000_FF00u, value);
    }

    [Fact]
    public void A_removed_card_is_gone_in_both_directions_until_it_is_put_back()
    {
        var slot = Plug();
        slot.Write16(2, 0x3C, 0xFFFF);
        slot.Do(nic => nic.ChangeLink());
        Assert.True(_bus.Intx);
        _faults.Add(FaultRule.Parse("mmio-read MAC.ChipCmd nth=2 -> remove"));
        slot.Read(2, 0x37, 1);
        Assert.Equal(0xFFUL, slot.Read(2, 0x37, 1));
        Assert.False(_bus.Intx);
        Assert.Equal(0xFFFF_FFFFu, slot.Config(0));
        Assert.Equal(BusStatus.UnsupportedRequest, slot.Write16(2, 0x3C, 0));
        slot.Write32(2, 0x40, 0x100);
        _bus.Time.Advance(10_000);
        Assert.Equal(0, _bus.Memory[0x103]);
        _faults.Clear();
        Assert.Equal(0x8168_10ECu, slot.Config(0));
        Assert.Equal(0xFFFFu, slot.Read16(2, 0x3C));
    }

    [Fact]
    public void A_register_in_an_included_block_and_in_the_MSIX_table_can_be_hit_by_name()
    {
        var channel = new RegisterMap("Channel", 16);
        channel.R32(4, name: "Control").ReadWrite();
        var map = new RegisterMap("Engine", 0x1000);
        map.Include(0x10, channel, "First");
        map.Include(0x20, channel, "Second");
        var slot = new PciSlot(_bus, new Gadget(g => { g.AddBar(0, map); g.Add(new Msix(4, 0, 0x800, 0x900)); }), [_faults]).Enable();
        _faults.Add(FaultRule.Parse("mmio-read Engine.Second.Control -> value 0x5"));
        _faults.Add(FaultRule.Parse("mmio-read MsixTable.MessageData[2] -> value 0x6"));
        Assert.Equal((0u, 5u, 6u, 0u), (slot.Read32(0, 0x14), slot.Read32(0, 0x24), slot.Read32(0, 0x828), slot.Read32(0, 0x818)));
    }

    [Fact]
    public void Probability_comes_from_the_seed()
    {
        int Lost()
        {
            var faults = new FaultInjector();
            var slot = new PciSlot(new LoopbackBus(), new Nic(), [faults], seed: 42);
            faults.Add(FaultRule.Parse("config-read * p=0.3 -> drop"));
            return Enumerable.Range(0, 1000).Count(_ => slot.Config(0) == 0xFFFF_FFFF);
        }
        Assert.Equal(Lost(), Lost());
        Assert.InRange(Lost(), 200, 400);
    }

    [Fact]
    public void The_first_rule_that_hits_decides_and_each_hit_is_told()
    {
        var slot = Plug();
        var told = new List<string>();
        _faults.Injected = (rule, hit) => told.Add($"{rule} #{hit}");
        _faults.Add(FaultRule.Parse("mmio-read 0x3c every=2 -> fail"));
        _faults.Add(FaultRule.Parse("mmio-read * -> value 0x9"));
        Assert.Equal([9u, 0xFFFFu, 9u], [slot.Read16(2, 0x3C), slot.Read16(2, 0x3C), slot.Read16(2, 0x3C)]);
        Assert.Equal(["mmio-read * -> value 0x9 #1", "mmio-read 0x3c every=2 -> fail #1", "mmio-read * -> value 0x9 #2"], told);
    }

    [Fact]
    public void A_lost_reset_resets_nothing()
    {
        var slot = Plug("reset * -> drop");
        slot.Write16(2, 0x3C, 0x11);
        slot.Reset();
        Assert.Equal(0x11u, slot.Read16(2, 0x3C));
    }

    [Fact]
    public void An_injector_belongs_to_one_slot()
    {
        Assert.Throws<InvalidOperationException>(() => _faults.Add(FaultRule.Parse("irq 0 -> drop")));
        Plug();
        Assert.Throws<InvalidOperationException>(() => Plug());
    }
}
