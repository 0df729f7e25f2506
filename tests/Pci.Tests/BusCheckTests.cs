namespace Understudy.Pci.Tests;

public class BusCheckTests
{
    readonly LoopbackBus _bus = new();
    readonly BusChecker _checker = new();
    readonly FaultInjector _faults = new();
    readonly RegisterMap _map = new("Chip", 0x1000);
    readonly Register _status, _control, _mask, _clears, _wide;
    readonly Flag _done;

    public BusCheckTests()
    {
        _status = _map.R32(0x00, reset: 5, name: "Status");
        _status.Ro(3, 0, "Level");
        _control = _map.R32(0x04, reset: 0x80, name: "Control");
        _control.Rw(3, 0, "Mode");
        _mask = _map.R16(0x08, name: "Mask").ReadWrite();
        var cause = _map.R16(0x0A, name: "Cause");
        _done = cause.W1c(0, "Done");
        _clears = _map.R32(0x0C, name: "Clears");
        _clears.Rc(7, 0, "Count");
        _wide = _map.R64(0x10, name: "Wide").ReadWrite();
        _map.Memory(0x100, 0x100, "Buffer");
    }

    PciSlot Plug(Action<Gadget>? build = null) => new PciSlot(_bus, new Gadget(g =>
    {
        if (build is null) g.AddBar(0, _map);
        else build(g);
    }), [_checker, _faults]).Enable();

    static string[] Checks(PciSlot slot) => [.. slot.Findings.Select(finding => finding.Check)];

    [Fact]
    public void A_driver_that_keeps_to_the_datasheet_is_found_nothing_of()
    {
        var slot = Plug();
        slot.Write32(0, 0x04, 0x83);
        slot.Write32(0, 0x04, 0x81);
        slot.Write(0, 0x10, 1, 8);
        slot.Write32(0, 0x10, 1);
        slot.Write32(0, 0x14, 1);
        slot.Write32(0, 0x08, 0x0001_0001);
        slot.Read(0, 0x00, 1);
        slot.Read32(0, 0x0C);
        slot.Write8(0, 0x101, 1);
        slot.SetConfig(4, 3, 2);
        _checker.Unbound();
        Assert.Empty(slot.Findings);
    }

    [Fact]
    public void Writing_what_only_the_device_changes_is_found_once()
    {
        var slot = Plug();
        slot.Write32(0, 0x00, 1);
        slot.Write32(0, 0x00, 2);
        Assert.Equal(("read-only-write", "Chip.Status was written; it is read-only"), (Assert.Single(slot.Findings).Check, slot.Findings[0].Text));
    }

    [Fact]
    public void A_register_without_fields_that_the_model_acts_on_is_no_read_only_one()
    {
        var doorbell = _map.R32(0x20, name: "Doorbell");
        var slot = Plug(g => g.AddBar(0, _map).OnWrite(doorbell, _ => { }));
        slot.Write32(0, 0x20, 1);
        Assert.Empty(slot.Findings);
    }

    [Fact]
    public void Changing_a_reserved_bit_is_found_and_writing_it_back_is_not()
    {
        var slot = Plug();
        slot.Write32(0, 0x04, 0x8F);
        Assert.Empty(slot.Findings);
        slot.Write32(0, 0x04, 0x0F);
        Assert.Equal(("reserved-bits", "Chip.Control was written with 0xf; its bits 0x80 are reserved, and hold something else"), (Assert.Single(slot.Findings).Check, slot.Findings[0].Text));
    }

    [Fact]
    public void Clearing_every_cause_at_once_is_no_write_to_reserved_bits()
    {
        var slot = Plug();
        slot.Write16(0, 0x0A, 0xFFFF);
        Assert.Empty(slot.Findings);
        slot.Write16(0, 0x0A, 0x8001);
        Assert.Equal(["reserved-bits"], Checks(slot));
    }

    [Fact]
    public void What_is_written_to_a_card_that_is_gone_is_no_finding()
    {
        var slot = Plug();
        _faults.Add(FaultRule.Parse("mmio-read * -> remove"));
        slot.Read32(0, 4);
        slot.Write32(0, 0x04, uint.MaxValue);
        slot.Write32(0, 0x00, uint.MaxValue);
        Assert.Empty(slot.Findings);
    }

    [Theory]
    [InlineData(0x04, 2, true, "MmioWrite of 2 bytes at 0x4 meets 2 of the 4 bytes of Chip.Control")]
    [InlineData(0x0C, 1, false, "MmioRead of 1 bytes at 0xc meets 1 of the 4 bytes of Chip.Clears")]
    [InlineData(0x12, 4, true, "MmioWrite of 4 bytes at 0x12 meets 4 of the 8 bytes of Chip.Wide, not aligned")]
    public void The_wrong_size_is_found(ulong at, int bytes, bool write, string text)
    {
        var slot = Plug();
        if (write) slot.Write(0, at, 0, bytes);
        else slot.Read(0, at, bytes);
        Assert.Contains(slot.Findings, finding => finding.Check == "wrong-size" && finding.Text == text);
    }

    [Fact]
    public void Included_blocks_are_seen_into()
    {
        var outer = new RegisterMap("Outer", 0x4000);
        outer.Include(0x2000, _map, "Inner");
        var slot = Plug(g => g.AddBar(0, outer));
        slot.Write32(0, 0x2000, 1);
        slot.Write32(0, 0x2004, 0);
        Assert.Equal(["read-only-write", "reserved-bits"], Checks(slot));
    }

    [Theory]
    [InlineData(5, "access-while-off", "MmioRead at 0x4 of BAR 0, while Memory Space Enable is off")]
    [InlineData(7, "access-in-d3", "MmioRead at 0x4 of BAR 0, while the function is in D3")]
    public void A_bar_that_does_not_answer_says_why(uint command, string check, string text)
    {
        var slot = Plug(g => { g.AddBar(0, _map); g.Add(new PowerManagement()); });
        slot.SetConfig(4, command, 2);
        if (command == 7) slot.SetConfig(slot.Find(1) + 4, 3, 2);
        slot.Read32(0, 4);
        Assert.Equal((check, text), (Assert.Single(slot.Findings).Check, slot.Findings[0].Text));
    }

    [Theory]
    [InlineData(999, false)]
    [InlineData(1000, true)]
    public void A_driver_that_polls_a_card_that_is_gone_is_found_when_it_does_not_stop(int times, bool found)
    {
        var slot = Plug();
        _faults.Add(FaultRule.Parse("mmio-read * -> remove"));
        for (var i = 0; i < times; i++) slot.Read32(0, 4);
        Assert.Equal(found ? ["access-after-removal"] : [], Checks(slot));
    }

    [Fact]
    public void An_interrupt_whose_cause_stays_is_found()
    {
        var slot = Interrupted(out var line);
        Use(slot, accesses: 99, nanoseconds: 2_000_000_000);
        Assert.Empty(slot.Findings);
        Use(slot, accesses: 1, nanoseconds: 0);
        Assert.Equal("interrupt-unacknowledged", Assert.Single(slot.Findings).Check);
        line.Set(false);
    }

    [Fact]
    public void An_interrupt_that_is_served_is_not_found()
    {
        var slot = Interrupted(out var line);
        line.Set(false);
        Use(slot, accesses: 500, nanoseconds: 2_000_000_000);
        Assert.Empty(slot.Findings);
    }

    [Fact]
    public void A_message_whose_cause_stays_is_found_by_its_vector()
    {
        InterruptLine? line = null;
        var slot = Plug(g => { g.AddBar(0, _map); g.Add(new Msi(2)); line = g.Line(1); });
        slot.SetConfig(slot.Find(5) + 2, 0x11, 2);
        line!.Set(true);
        Use(slot, accesses: 100, nanoseconds: 2_000_000_000);
        Assert.StartsWith("vector 1 was raised 2000 ms of device time", Assert.Single(slot.Findings).Text, StringComparison.Ordinal);
    }

    PciSlot Interrupted(out InterruptLine line)
    {
        InterruptLine? made = null;
        var slot = Plug(g => { g.AddBar(0, _map); g.AddIntx(); made = g.Line(); });
        (line = made!).Set(true);
        return slot;
    }

    void Use(PciSlot slot, int accesses, long nanoseconds)
    {
        _bus.Time.Advance(nanoseconds);
        for (var i = 0; i < accesses; i++) slot.Read32(0, 4);
    }

    [Theory]
    [InlineData(null, 1)]
    [InlineData("mmio-write * nth=1 -> spurious", 0)]
    public void A_message_without_an_address_is_found_unless_a_fault_sent_it(string? fault, int found)
    {
        InterruptLine? line = null;
        var slot = Plug(g => { g.AddBar(0, new RegisterMap("Space", 0x1000)); g.Add(new Msix(2, 0, 0, 0x800)); line = g.Line(); });
        slot.SetConfig(slot.Find(0x11) + 2, 0x8000, 2);
        slot.Write32(0, 12, 0);
        if (fault is null) line!.Set(true);
        else _faults.Add(FaultRule.Parse(fault));
        slot.Write32(0, 0x100, 0);
        _bus.Time.Advance(1000);
        Assert.Equal(fault is null ? 0 : 1, _faults.Tallies.Sum(tally => tally.Struck));
        Assert.Equal(Enumerable.Repeat("message-unprogrammed", found), Checks(slot).Where(check => check == "message-unprogrammed"));
    }

    [Fact]
    public void An_interrupt_nobody_unmasks_is_found_when_the_driver_is_gone()
    {
        InterruptLine? line = null;
        var slot = Plug(g => { g.AddBar(0, new RegisterMap("Space", 0x1000)); g.Add(new Msix(2, 0, 0, 0x800)); line = g.Line(1); });
        slot.SetConfig(slot.Find(0x11) + 2, 0x8000, 2);
        slot.Read32(0, 0);
        line!.Set(true);
        Assert.Empty(slot.Findings);
        slot.SetConfig(4, 3, 2);
        _checker.Unbound();
        Assert.Equal("vector 1 was raised while it was masked, and the driver left without unmasking it", Assert.Single(slot.Findings).Text);
    }

    [Fact]
    public void What_a_driver_leaves_behind_is_found()
    {
        var slot = Interrupted(out _);
        slot.Write32(0, 4, 0x80);
        _checker.Unbound();
        Assert.Equal(["interrupt-at-remove", "bus-master-at-remove", "unflushed-write"], Checks(slot));
    }

    [Fact]
    public void A_device_no_driver_has_touched_was_left_behind_by_none()
    {
        var slot = Plug();
        _checker.Unbound();
        Assert.Empty(slot.Findings);
    }

    [Fact]
    public void Every_check_of_the_bus_is_in_the_list()
    {
        var names = BusChecks.All.Select(check => check.Name).ToList();
        Assert.Equal(names.Order(StringComparer.Ordinal), names);
        Assert.Equal(names.Distinct(), names);
        var slot = Interrupted(out _);
        slot.Write32(0, 0, 0);
        Assert.All(slot.Findings, finding => Assert.NotNull(BusChecks.Find(finding.Check)));
    }
}
