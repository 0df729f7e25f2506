namespace Understudy.Pci.Tests;

public class FaultEffectTests
{
    readonly LoopbackBus _bus = new();
    readonly FaultInjector _faults = new();
    readonly Gadget _gadget = new(g => g.AddIntx());

    PciSlot<Nic> Plug(params string[] rules)
    {
        var slot = new PciSlot<Nic>(_bus, new Nic(), [_faults], seed: 1).Enable();
        slot.SetConfig(slot.Find(5) + 2, 1, 2);
        slot.Write16(2, 0x3C, 0xFFFF);
        foreach (var rule in rules) _faults.Add(FaultRule.Parse(rule));
        return slot;
    }

    Dma PlugGadget(params string[] rules)
    {
        new PciSlot(_bus, _gadget, [_faults], seed: 1).Enable();
        foreach (var rule in rules) _faults.Add(FaultRule.Parse(rule));
        return _gadget.Memory;
    }

    [Theory]
    [InlineData("fail", BusStatus.UnsupportedRequest)]
    [InlineData("abort", BusStatus.MasterAbort)]
    [InlineData("timeout", BusStatus.CompletionTimeout)]
    [InlineData("drop", BusStatus.Dropped)]
    public void A_read_that_is_not_answered_gives_ones_and_a_reason(string effect, BusStatus status)
    {
        var slot = Plug($"mmio-read * -> {effect}");
        var data = new byte[4];
        Assert.Equal(status, slot.Read(2, 0x3C, data));
        Assert.All(data, value => Assert.Equal(0xFF, value));
    }

    [Theory]
    [InlineData("value 2", 0x02u)]
    [InlineData("value 0xff", 0x03u)]
    [InlineData("flip 1", 0x00u)]
    [InlineData("stuck 1", 0x03u)]
    [InlineData("stuck 0", 0x00u)]
    [InlineData("becomes 2", 0x02u)]
    public void An_effect_on_a_field_touches_its_bits_only(string effect, uint expected)
    {
        var slot = Plug();
        slot.Write8(2, 0x37, 1);
        _faults.Add(FaultRule.Parse($"mmio-read MAC.ChipCmd.LinkSpeed -> {effect}"));
        Assert.Equal(expected, slot.Read(2, 0x37, 1));
        Assert.Equal(expected << 24, (uint)slot.Read(2, 0x34, 4) & 0xFF00_0000);
    }

    [Fact]
    public void A_field_in_the_middle_is_counted_from_its_lowest_bit()
    {
        var slot = Plug();
        slot.Write16(2, 0x3E, 0xFFFF);
        _faults.Add(FaultRule.Parse("mmio-read MAC.IntrStatus.LinkChange -> value 1"));
        Assert.Equal(0x20u, slot.Read16(2, 0x3E));
    }

    [Fact]
    public void A_write_can_be_changed_on_its_way()
    {
        var slot = Plug("mmio-write MAC.IntrMask -> flip 0xf");
        slot.Write16(2, 0x3C, 0x1234);
        Assert.Equal(0x123Bu, slot.Read16(2, 0x3C));
    }

    [Fact]
    public void Stuck_and_becomes_last_from_their_first_strike_on()
    {
        var slot = Plug("mmio-read MAC.IntrMask nth=2 -> becomes 0x1111");
        Assert.Equal([0xFFFFu, 0x1111u, 0x1111u], [slot.Read16(2, 0x3C), slot.Read16(2, 0x3C), slot.Read16(2, 0x3C)]);
        _faults.Clear();
        Assert.Equal(0xFFFFu, slot.Read16(2, 0x3C));
    }

    [Fact]
    public void A_stale_read_gives_what_the_one_before_gave()
    {
        var slot = Plug("mmio-read MAC.IntrMask nth=2 -> stale");
        slot.Read16(2, 0x3C);
        slot.Write16(2, 0x3C, 0x1234);
        Assert.Equal((0xFFFFu, 0x1234u), (slot.Read16(2, 0x3C), slot.Read16(2, 0x3C)));
    }

    [Fact]
    public void Corruption_comes_from_the_seed_and_has_its_size()
    {
        var dma = PlugGadget("dma-write 0x0-0xff -> corrupt", "dma-write * -> corrupt 5");
        dma.Write(0x000, new byte[64]);
        dma.Write(0x100, new byte[64]);
        Assert.Equal(1, Bits(0x000));
        Assert.InRange(Bits(0x100), 1, 5);
        int Bits(int at) => _bus.Memory.Slice(at, 64).ToArray().Sum(value => System.Numerics.BitOperations.PopCount(value));
    }

    [Fact]
    public void A_partial_DMA_moves_its_first_bytes()
    {
        var dma = PlugGadget("dma * -> partial 3");
        Assert.True(dma.Write(0x100, [1, 2, 3, 4, 5]));
        Assert.Equal([1, 2, 3, 0, 0], _bus.Memory.Slice(0x100, 5).ToArray());
        var read = new byte[5];
        dma.Read(0x100, read);
        Assert.Equal([1, 2, 3, 0xFF, 0xFF], read);
    }

    [Fact]
    public void An_unmapped_DMA_fails_and_is_not_held_against_the_driver()
    {
        var dma = PlugGadget("dma-write * nth=1 -> unmapped");
        Assert.False(dma.Write(0x100, [1]));
        Assert.True(dma.Write(0x101, [2]));
        Assert.Equal([0, 2], _bus.Memory.Slice(0x100, 2).ToArray());
    }

    [Fact]
    public void Jitter_makes_what_is_posted_late_each_by_another_time_that_the_seed_decides()
    {
        Assert.Equal(Arrivals(1), Arrivals(1));
        Assert.NotEqual(Arrivals(1), Arrivals(2));
        Assert.All(Arrivals(3), late => Assert.InRange(late, 1, 131_072));
        Assert.True(Arrivals(3).Distinct().Count() > 10);
    }

    static List<long> Arrivals(int seed)
    {
        var bus = new LoopbackBus();
        var gadget = new Gadget();
        var faults = new FaultInjector();
        new PciSlot(bus, gadget, [faults], seed: 1).Enable();
        faults.Add(FaultRule.Parse($"any * -> jitter {seed}"));
        var late = new List<long>();
        for (byte i = 1; i <= 20; i++)
        {
            gadget.Memory.Write(0x100, [i]);
            Assert.Equal(i - 1, bus.Memory[0x100]);
            var sent = bus.Time.Now;
            bus.Time.RunUntilIdle();
            Assert.Equal(i, bus.Memory[0x100]);
            late.Add(bus.Time.Now - sent);
        }
        return late;
    }

    [Fact]
    public void Jitter_keeps_the_order_of_what_is_posted()
    {
        var dma = PlugGadget("any * -> jitter 5");
        for (byte i = 1; i <= 50; i++) dma.Write(0x100, [i]);
        var seen = new List<int>();
        while (_bus.Memory[0x100] != 50)
        {
            seen.Add(_bus.Memory[0x100]);
            _bus.Time.Advance(100);
        }
        Assert.Equal(seen.Order(), seen);
    }

    [Fact]
    public void A_device_that_was_lied_to_is_not_the_driver()
    {
        var slot = Plug("mmio-write MAC.Doorbell nth=1 -> value 0x7fffffff");
        void Send()
        {
            slot.Write32(2, 0x40, 0x1000);
            _bus.Time.Advance(1000);
        }
        Send();
        Assert.All(slot.Findings, finding => Assert.Equal("dma-misled", finding.Check));
        Assert.EndsWith("after the fault 'mmio-write MAC.Doorbell nth=1 -> value 0x7fffffff'", slot.Findings[0].Text, StringComparison.Ordinal);
        slot.Reset();
        slot.Enable();
        slot.Write32(2, 0x40, 0x6000_0000);
        _bus.Time.Advance(1000);
        Assert.Contains(slot.Findings, finding => finding.Check == "dma-unmapped");
    }

    [Fact]
    public void Part_of_a_descriptor_is_published_with_its_owner_last()
    {
        new PciSlot(_bus, _gadget, [_faults]).Enable();
        _faults.CountTouches = true;
        _gadget.Memory.Publish(0x100, (A: 1UL, B: 2UL), ownerOffset: 4, ownerBytes: 2, part: ..12);
        Assert.Equal([(0x100UL, 4), (0x106UL, 6), (0x104UL, 2)], _faults.Touches.Select(touch => (touch.Address, touch.Length)));
    }

    [Fact]
    public void A_torn_descriptor_shows_its_owner_word_first()
    {
        var dma = PlugGadget("dma-write * nth=1 -> torn 5us");
        dma.Publish(0x100, new Nic.Descriptor(0x8000_0000, 64), ownerOffset: 0);
        Assert.Equal((0x80, 0), (_bus.Memory[0x103], _bus.Memory[0x104]));
        _bus.Time.Advance(5_000);
        Assert.Equal(64, _bus.Memory[0x104]);
        _faults.Clear();
        _faults.Add(FaultRule.Parse("dma-write * -> torn"));
        dma.Write(0x200, [1, 2, 3, 4, 5, 6, 7, 8]);
        _bus.Time.RunUntilIdle();
        Assert.Equal([1, 2, 3, 4, 0, 0, 0, 0], _bus.Memory.Slice(0x200, 8).ToArray());
    }

    [Fact]
    public void A_late_DMA_write_keeps_the_order_of_what_is_posted_after_it()
    {
        var dma = PlugGadget("dma-write 0x100 -> delay 5us");
        dma.Write(0x100, [1]);
        dma.Write(0x101, [2]);
        Assert.Equal([0, 0], _bus.Memory.Slice(0x100, 2).ToArray());
        _bus.Time.Advance(5_000);
        Assert.Equal([1, 2], _bus.Memory.Slice(0x100, 2).ToArray());
        dma.Write(0x100, [3]);
        dma.Read(0x100, out byte pushed);
        Assert.Equal(3, pushed);
    }

    [Fact]
    public void A_late_register_write_is_pushed_by_the_next_read()
    {
        var slot = Plug("mmio-write MAC.IntrMask -> delay 5us");
        slot.Write16(2, 0x3C, 0x11);
        Assert.Equal(0xFFFFUL, slot.Ask(nic => nic.Registers[Nic.Mac.IntrMask]));
        Assert.Equal(0x11u, slot.Read16(2, 0x3C));
        slot.Write16(2, 0x3C, 0x22);
        _bus.Time.Advance(5_000);
        Assert.Equal(0x22UL, slot.Ask(nic => nic.Registers[Nic.Mac.IntrMask]));
    }

    [Fact]
    public void The_answer_to_a_read_comes_behind_what_the_card_has_posted()
    {
        var slot = new PciSlot(_bus, _gadget, [_faults], seed: 1).Enable();
        _faults.Add(FaultRule.Parse("dma-write * -> delay 5us"));
        _gadget.Memory.Write(0x100, [7]);
        Assert.Equal(0, _bus.Memory[0x100]);
        slot.ReadConfig(0, new byte[2]);
        Assert.Equal(7, _bus.Memory[0x100]);
        _gadget.Memory.Write(0x100, [8]);
        slot.WriteConfig(0x3C, [5]);
        Assert.Equal(7, _bus.Memory[0x100]);
    }

    [Fact]
    public void A_slow_read_lets_device_time_pass()
    {
        var slot = Plug("mmio-read * nth=1 -> delay 2us");
        slot.Write32(2, 0x40, 0x1000);
        slot.Read16(2, 0x3C);
        Assert.Equal((2_000L, 1), (_bus.Time.Now, _bus.Interrupts[0]));
    }

    [Fact]
    public void What_is_reordered_comes_after_the_next()
    {
        var dma = PlugGadget("dma-write 0x100 nth=1 -> reorder");
        dma.Write(0x100, [1, 1]);
        dma.Write(0x101, [2]);
        Assert.Equal([1, 1], _bus.Memory.Slice(0x100, 2).ToArray());
        _faults.Add(FaultRule.Parse("dma-write 0x200 -> reorder"));
        dma.Write(0x200, [3]);
        Assert.Equal(0, _bus.Memory[0x200]);
        _bus.Time.RunUntilIdle();
        Assert.Equal(3, _bus.Memory[0x200]);
    }

    [Fact]
    public void A_late_interrupt_comes_unless_its_vector_is_gone()
    {
        var slot = Plug("irq 0 -> delay 3us");
        slot.Do(nic => nic.ChangeLink());
        Assert.Equal(0, _bus.Interrupts[0]);
        _bus.Time.Advance(3_000);
        Assert.Equal(1, _bus.Interrupts[0]);
        slot.Write16(2, 0x3E, 0xFFFF);
        slot.Do(nic => nic.ChangeLink());
        slot.SetConfig(slot.Find(5) + 2, 0, 2);
        _bus.Time.Advance(3_000);
        Assert.Equal(1, _bus.Interrupts[0]);
    }

    [Fact]
    public void Interrupts_come_for_nothing_too_often_and_as_another()
    {
        var slot = Plug("mmio-write MAC.IntrMask -> spurious");
        slot.Write16(2, 0x3C, 0xFFFF);
        Assert.Equal(1, _bus.Interrupts[0]);
        _faults.Clear();
        _faults.Add(FaultRule.Parse("irq * -> storm 10"));
        slot.Do(nic => nic.ChangeLink());
        _bus.Time.RunUntilIdle();
        Assert.Equal(11, _bus.Interrupts[0]);
    }

    [Fact]
    public void An_interrupt_comes_as_a_vector_that_exists_or_not_at_all()
    {
        InterruptLine[] lines = [];
        var slot = new PciSlot(_bus, new Gadget(g =>
        {
            g.AddBar(0, new RegisterMap("Space", 0x1000));
            g.Add(new Msix(8, 0, 0, 0x800));
            lines = [.. Enumerable.Range(0, 8).Select(g.Line)];
        }), [_faults]).Enable();
        slot.SetConfig(slot.Find(0x11) + 2, 0x8000, 2);
        for (var i = 0UL; i < 8; i++) slot.Write32(0, i * 16 + 12, 0);
        _faults.Add(FaultRule.Parse("irq 2 nth=1 -> vector 5"));
        _faults.Add(FaultRule.Parse("irq 2 nth=2 -> vector 9"));
        lines[2].Pulse();
        lines[2].Pulse();
        Assert.Equal((0, 1), (_bus.Interrupts[2], _bus.Interrupts[5]));
    }

    [Fact]
    public void The_pin_can_be_stuck_either_way_and_pulled_for_nothing()
    {
        PlugGadget("intx-release * -> stuck 1");
        var line = _gadget.Line();
        line.Set(true);
        line.Set(false);
        Assert.True(_bus.Intx);
        _faults.Clear();
        line.Set(true);
        line.Set(false);
        Assert.False(_bus.Intx);
        _faults.Add(FaultRule.Parse("dma-write * -> spurious"));
        _gadget.Memory.Write(0, [1]);
        Assert.True(_bus.Intx);
        _bus.Time.RunUntilIdle();
        Assert.False(_bus.Intx);
    }

    [Fact]
    public void A_link_that_was_down_comes_back_with_the_device_reset()
    {
        var slot = Plug("mmio-read MAC.ChipCmd -> link-down 1ms");
        slot.Read(2, 0x37, 1);
        Assert.Equal(0xFFFF_FFFFu, slot.Config(0));
        _bus.Time.Advance(1_000_000);
        Assert.Equal((0x8168_10ECu, 0u), (slot.Config(0), slot.Config(4, 2) & 7));
    }

    [Fact]
    public void A_reset_that_hangs_is_over_after_its_time_or_never()
    {
        var slot = Plug("reset * nth=1 -> flr-hang 1ms", "reset * nth=2 -> flr-hang");
        slot.Reset();
        Assert.Equal(0xFFFF_FFFFu, slot.Config(0));
        _bus.Time.Advance(1_000_000);
        Assert.Equal(0x8168_10ECu, slot.Config(0));
        slot.Reset();
        _bus.Time.Advance(1_000_000_000_000);
        Assert.Equal(0xFFFF_FFFFu, slot.Config(0));
    }

    [Fact]
    public void A_device_that_resets_itself_keeps_its_configuration_space()
    {
        var slot = Plug("mmio-read MAC.IntrMask nth=2 -> reset");
        Assert.Equal([0xFFFFu, 0u], [slot.Read16(2, 0x3C), slot.Read16(2, 0x3C)]);
        Assert.Equal(7u, slot.Config(4, 2) & 7);
    }

    [Fact]
    public void An_order_is_done_at_the_moment_and_a_wrong_one_is_a_finding()
    {
        _faults.Orders = (device, words) =>
        {
            if (words != "link change") throw new FormatException("no");
            ((Nic)device).ChangeLink();
        };
        var slot = Plug("mmio-read MAC.IntrStatus nth=1 -> do link change", "mmio-read MAC.IntrMask -> do dance", "irq 0 -> do link change");
        Assert.Equal(0x20u, slot.Read16(2, 0x3E));
        slot.Read16(2, 0x3C);
        Assert.Contains(slot.Findings, finding => finding.Check == "fault-order");
        slot.Write16(2, 0x3E, 0xFFFF);
        _bus.Time.RunUntilIdle();
        Assert.Equal(0x20u, slot.Read16(2, 0x3E));
    }

    [Fact]
    public void An_order_for_a_device_that_takes_none_is_refused()
        => Assert.Contains("takes no orders here", Assert.Throws<FormatException>(() => Plug("irq 0 -> do nothing")).Message, StringComparison.Ordinal);

    [Fact]
    public void The_catalog_has_every_kind_with_what_it_strikes_and_who_could_do_it()
    {
        Assert.Equal(Enum.GetValues<FaultKind>(), FaultCatalog.All.Select(form => form.Kind));
        foreach (var op in Enum.GetValues<BusOp>())
        {
            Assert.Contains(FaultCatalog.For(op), form => form.Class == FaultClass.Legal);
            foreach (var sample in FaultCatalog.For(op).SelectMany(form => form.Samples)) Assert.Equal(sample, FaultEffect.Parse(sample.ToString()));
        }
        Assert.Equal((FaultClass.Legal, FaultClass.Hostile), (new FaultEffect(FaultKind.Remove).Class, FaultEffect.Parse("value 1").Class));
    }
}
