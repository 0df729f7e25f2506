namespace Understudy.Pci.Tests;

public class InterruptTests
{
    const uint Enabled = 7, IntxDisable = 1 << 10;

    readonly LoopbackBus _bus = new();
    InterruptLine[] _lines = [];

    PciSlot Plug(Action<Gadget> build, int lines = 1, IPciBus? bus = null) => new PciSlot(bus ?? _bus, new Gadget(g =>
    {
        g.AddIntx();
        build(g);
        _lines = [.. Enumerable.Range(0, lines).Select(g.Line)];
    })).Enable(Enabled);

    static bool StatusBit(PciSlot slot) => (slot.Config(0x06, 2) & 8) != 0;

    static int EnableMsi(PciSlot slot, uint granted = 0)
    {
        var msi = slot.Find(5);
        slot.SetConfig(msi + 4, 0xFEE0_0000);
        slot.SetConfig(msi + 8, 1);
        slot.SetConfig(msi + 12, 0x4031, 2);
        slot.SetConfig(msi + 2, 1 | granted << 4, 2);
        return msi;
    }

    [Fact]
    public void INTx_is_a_level()
    {
        var slot = Plug(_ => { });
        _lines[0].Set(true);
        Assert.True(_bus.Intx && StatusBit(slot));
        _lines[0].Set(false);
        Assert.False(_bus.Intx || StatusBit(slot));
    }

    [Fact]
    public void Interrupt_Disable_holds_the_pin_and_not_the_status()
    {
        var slot = Plug(_ => { });
        slot.SetConfig(4, Enabled | IntxDisable, 2);
        _lines[0].Set(true);
        Assert.False(_bus.Intx);
        Assert.True(StatusBit(slot));
        slot.SetConfig(4, Enabled, 2);
        Assert.True(_bus.Intx);
        slot.SetConfig(4, Enabled | IntxDisable, 2);
        Assert.False(_bus.Intx);
    }

    [Fact]
    public void The_pin_is_the_OR_of_all_lines()
    {
        Plug(_ => { }, lines: 2);
        _lines[0].Set(true);
        _lines[1].Set(true);
        _lines[0].Set(false);
        Assert.True(_bus.Intx);
        _lines[1].Set(false);
        Assert.False(_bus.Intx);
    }

    [Fact]
    public void Two_lines_of_one_vector_do_not_silence_each_other()
    {
        InterruptLine? first = null, second = null;
        Plug(g => (first, second) = (g.Line(), g.Line()));
        first!.Set(true);
        second!.Set(true);
        first.Set(false);
        Assert.True(_bus.Intx);
    }

    [Fact]
    public void A_function_without_a_pin_asserts_none()
    {
        InterruptLine? line = null;
        var slot = new PciSlot(_bus, new Gadget(g => line = g.Line())).Enable();
        line!.Set(true);
        Assert.False(_bus.Intx || StatusBit(slot));
    }

    [Fact]
    public void Enabling_MSI_moves_an_asserted_line_off_the_pin_and_disabling_moves_it_back()
    {
        var slot = Plug(g => g.Add(new Msi()));
        _lines[0].Set(true);
        var msi = EnableMsi(slot);
        Assert.False(_bus.Intx || StatusBit(slot));
        slot.SetConfig(msi + 2, 0, 2);
        Assert.True(_bus.Intx && StatusBit(slot));
    }

    [Fact]
    public void A_rising_level_sends_the_programmed_message_once()
    {
        var slot = Plug(g => g.Add(new Msi()));
        EnableMsi(slot);
        _lines[0].Set(true);
        _lines[0].Set(true);
        Assert.Equal(1, _bus.Interrupts[0]);
        Assert.Equal(new MsiMessage(0x1_FEE0_0000, 0x4031), _bus.LastMessage);
        _lines[0].Set(false);
        _lines[0].Set(true);
        _lines[0].Pulse();
        Assert.Equal(3, _bus.Interrupts[0]);
    }

    [Theory]
    [InlineData(0u, 5, 0, 0x4031u)]
    [InlineData(1u, 5, 1, 0x4031u)]
    [InlineData(2u, 5, 1, 0x4031u)]
    [InlineData(3u, 5, 5, 0x4035u)]
    [InlineData(7u, 5, 5, 0x4035u)]
    public void Vectors_fold_onto_what_the_machine_granted(uint granted, int vector, int sent, uint data)
    {
        var slot = Plug(g => g.Add(new Msi(8)), lines: 8);
        EnableMsi(slot, granted);
        _lines[vector].Set(true);
        Assert.Equal(1, _bus.Interrupts[sent]);
        Assert.Equal(data, _bus.LastMessage.Data);
    }

    [Fact]
    public void More_lines_than_MSI_vectors_fold_even_where_the_machine_grants_too_many()
    {
        var slot = Plug(g => g.Add(new Msi(4, perVectorMask: true)), lines: 100);
        EnableMsi(slot, granted: 7);
        _lines[99].Set(true);
        Assert.Equal(1, _bus.Interrupts[3]);
    }

    [Fact]
    public void A_masked_MSI_vector_is_pending_until_it_is_unmasked()
    {
        var slot = Plug(g => g.Add(new Msi(4, perVectorMask: true)), lines: 4);
        var msi = EnableMsi(slot, granted: 2);
        slot.SetConfig(msi + 16, 0xFFFF_FFFF);
        Assert.Equal(0xFu, slot.Config(msi + 16));
        _lines[2].Set(true);
        Assert.Equal(0x4u, slot.Config(msi + 20));
        slot.SetConfig(msi + 20, 0);
        Assert.Equal(0x4u, slot.Config(msi + 20));
        Assert.Equal(0, _bus.Interrupts[2]);
        slot.SetConfig(msi + 16, 0xB);
        Assert.Equal(1, _bus.Interrupts[2]);
        Assert.Equal(0u, slot.Config(msi + 20));
    }

    [Fact]
    public void A_pending_MSI_whose_cause_is_gone_is_not_sent()
    {
        var slot = Plug(g => g.Add(new Msi(1, perVectorMask: true)), lines: 2);
        var msi = EnableMsi(slot);
        slot.SetConfig(msi + 16, 1);
        _lines[0].Set(true);
        _lines[1].Set(true);
        _lines[0].Set(false);
        Assert.Equal(1u, slot.Config(msi + 20));
        _lines[1].Set(false);
        Assert.Equal(0u, slot.Config(msi + 20));
        slot.SetConfig(msi + 16, 0);
        Assert.Equal(0, _bus.Interrupts[0]);
    }

    [Fact]
    public void A_disabled_MSI_sends_nothing_when_it_is_unmasked()
    {
        var slot = Plug(g => g.Add(new Msi(1, perVectorMask: true)));
        var msi = EnableMsi(slot);
        slot.SetConfig(msi + 16, 1);
        _lines[0].Set(true);
        slot.SetConfig(msi + 2, 0, 2);
        slot.SetConfig(msi + 16, 0);
        Assert.Equal(0, _bus.Interrupts[0]);
        slot.SetConfig(msi + 2, 1, 2);
        Assert.Equal(1, _bus.Interrupts[0]);
    }

    [Fact]
    public void Without_bus_mastering_no_message_leaves()
    {
        var slot = Plug(g => g.Add(new Msi()));
        EnableMsi(slot);
        slot.SetConfig(4, 2, 2);
        _lines[0].Set(true);
        Assert.Equal(0, _bus.Interrupts[0]);
        Assert.Equal("message-without-bus-master", Assert.Single(slot.Findings).Check);
    }

    [Fact]
    public void A_pulse_without_messages_is_reported()
    {
        var slot = Plug(_ => { });
        _lines[0].Pulse();
        Assert.Equal("interrupt-lost", Assert.Single(slot.Findings).Check);
    }

    PciSlot PlugMsix(int vectors = 80, IPciBus? bus = null)
    {
        var slot = Plug(g =>
        {
            var map = new RegisterMap("Space", 0x2000);
            map.R32(0x1800, name: "Own").ReadWrite();
            g.AddBar(0, map);
            g.Add(new Msix(vectors, 0, 0x1000, 0x1F00));
        }, lines: vectors, bus);
        slot.SetConfig(slot.Find(0x11) + 2, 0x8000, 2);
        return slot;
    }

    static void Program(PciSlot slot, int vector, uint control = 0)
    {
        var entry = 0x1000UL + 16 * (ulong)vector;
        slot.Write(0, entry, 0x2_FEE0_1000, 8);
        slot.Write32(0, entry + 8, 0x100 + (uint)vector);
        slot.Write32(0, entry + 12, control);
    }

    [Fact]
    public void The_MSIX_table_lies_in_the_BAR_beside_the_devices_own_registers()
    {
        var slot = PlugMsix();
        Assert.Equal(79u, slot.Config(slot.Find(0x11) + 2, 2) & 0x7FF);
        Assert.Equal(1u, slot.Read32(0, 0x100C));
        slot.Write32(0, 0x100C, 0xFFFF_FFFF);
        Assert.Equal(1u, slot.Read32(0, 0x100C));
        Program(slot, 79);
        Assert.Equal(0x2_FEE0_1000UL, slot.Read(0, 0x1000 + 79 * 16, 8));
        slot.Write32(0, 0x1800, 5);
        Assert.Equal(5u, slot.Read32(0, 0x1800));
        slot.Write32(0, 0x1F00, 0xFFFF_FFFF);
        Assert.Equal(0u, slot.Read32(0, 0x1F00));
        Assert.Empty(slot.Findings);
    }

    [Fact]
    public void A_spurious_interrupt_waits_behind_the_mask_of_its_vector_like_any_other()
    {
        var faults = new FaultInjector();
        var slot = new PciSlot(_bus, new Gadget(g =>
        {
            g.AddBar(0, new RegisterMap("Space", 0x2000));
            g.Add(new Msix(2, 0, 0x1000, 0x1F00));
        }), [faults]).Enable(Enabled);
        slot.SetConfig(slot.Find(0x11) + 2, 0x8000, 2);
        faults.Add(FaultRule.Parse("mmio-write * nth=1 -> spurious"));
        Program(slot, 0, control: 1);
        Assert.Equal((0, 1UL), (_bus.Interrupts[0], slot.Read(0, 0x1F00, 8)));
        slot.Write32(0, 0x100C, 0);
        Assert.Equal((1, 0UL), (_bus.Interrupts[0], slot.Read(0, 0x1F00, 8)));
        Assert.Equal(new MsiMessage(0x2_FEE0_1000, 0x100), _bus.LastMessage);
    }

    [Fact]
    public void An_unmasked_vector_sends_its_own_message()
    {
        var slot = PlugMsix();
        Program(slot, 70);
        _lines[70].Set(true);
        Assert.Equal(1, _bus.Interrupts[70]);
        Assert.Equal(new MsiMessage(0x2_FEE0_1000, 0x100 + 70), _bus.LastMessage);
    }

    [Fact]
    public void A_masked_vector_is_pending_until_it_is_unmasked()
    {
        var slot = PlugMsix();
        Program(slot, 70, control: 1);
        _lines[70].Set(true);
        Assert.Equal(1UL << 6, slot.Read(0, 0x1F08, 8));
        Assert.Equal(0, _bus.Interrupts[70]);
        slot.Write32(0, 0x1000 + 70 * 16 + 12, 0);
        Assert.Equal(1, _bus.Interrupts[70]);
        Assert.Equal(0UL, slot.Read(0, 0x1F08, 8));
    }

    [Fact]
    public void The_function_mask_holds_all_vectors()
    {
        var slot = PlugMsix();
        var msix = slot.Find(0x11);
        Program(slot, 0);
        Program(slot, 65);
        Program(slot, 66, control: 1);
        slot.SetConfig(msix + 2, 0xC000, 2);
        foreach (var vector in (int[])[0, 65, 66]) _lines[vector].Set(true);
        Assert.Equal((1UL, 6UL), (slot.Read(0, 0x1F00, 8), slot.Read(0, 0x1F08, 8)));
        _lines[0].Set(false);
        slot.SetConfig(msix + 2, 0x8000, 2);
        Assert.Equal((0, 1, 0), (_bus.Interrupts[0], _bus.Interrupts[65], _bus.Interrupts[66]));
        Assert.Equal(4UL, slot.Read(0, 0x1F08, 8));
    }

    [Fact]
    public void A_vector_beyond_the_table_is_a_finding()
    {
        var slot = PlugMsix(2);
        var extra = ((Gadget)slot.Device).Line(9);
        extra.Set(true);
        extra.Set(false);
        extra.Set(true);
        Assert.Equal("no-such-vector", Assert.Single(slot.Findings).Check);
    }

    [Fact]
    public void A_machine_that_keeps_the_table_gets_every_vector_unmasked()
    {
        var bus = new TestBus(ownsMsixTable: true);
        PlugMsix(bus: bus);
        _lines[3].Set(true);
        Assert.Equal(["message 3 0x0 0x0"], bus.Seen);
    }

    [Fact]
    public void A_driver_that_enables_both_gets_MSIX_and_harms_nobody()
    {
        var slot = Plug(g =>
        {
            g.AddBar(0, new RegisterMap("Space", 0x100));
            g.Add(new Msi(32, perVectorMask: true));
            g.Add(new Msix(1, 0, 0, 0x80));
        }, lines: 32);
        var msi = EnableMsi(slot, granted: 5);
        slot.SetConfig(msi + 16, 0xFFFF_FFFF);
        _lines[31].Set(true);
        slot.SetConfig(slot.Find(0x11) + 2, 0x8000, 2);
        slot.SetConfig(msi + 16, 0);
        _lines[0].Set(true);
        Assert.Empty(slot.Findings);
        Assert.Equal(0, _bus.Interrupts[31]);
    }

    [Fact]
    public void An_interrupt_block_follows_status_and_mask()
    {
        var slot = new PciSlot<Nic>(_bus, new Nic(messages: false)).Enable();
        slot.Do(nic => nic.ChangeLink());
        Assert.False(_bus.Intx);
        slot.Write16(2, 0x3C, 1 << 5);
        Assert.True(_bus.Intx);
        slot.Write16(2, 0x3E, 1 << 5);
        Assert.False(_bus.Intx);
    }

    [Fact]
    public void An_interrupt_block_whose_status_clears_on_read_lets_the_pin_go()
    {
        var map = new RegisterMap("R", 16);
        var cause = map.R16(0, name: "Status").Rc(3, "Cause");
        var mask = map.R16(4, reset: 8, name: "Mask");
        InterruptBlock? block = null;
        var slot = new PciSlot(_bus, new Gadget(g => { g.AddIntx(); block = g.Block(g.AddBar(0, map), cause.Register, mask); })).Enable();
        block!.Raise(cause);
        Assert.True(_bus.Intx);
        Assert.Equal(8u, slot.Read16(0, 0));
        Assert.False(_bus.Intx);
    }

    [Fact]
    public void A_reset_lets_the_pin_go_and_empties_table_and_pending_bits()
    {
        var slot = PlugMsix();
        Program(slot, 1, control: 1);
        _lines[1].Set(true);
        slot.Reset();
        slot.Enable();
        Assert.Equal((0UL, 0UL, 1u), (slot.Read(0, 0x1F00, 8), slot.Read(0, 0x1010, 8), slot.Read32(0, 0x101C)));
        _lines[1].Set(true);
        Assert.True(_bus.Intx);
        slot.Reset();
        Assert.False(_bus.Intx || _lines[1].IsAsserted);
    }
}
