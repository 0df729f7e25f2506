using Understudy.Devices;
using Understudy.Pci;
using Understudy.Runner.Suites;

namespace Understudy.Testing.Tests;

/// <summary>Matchers over the trace of a card that nobody but the test drives.</summary>
public sealed class CardTraceTests
{
    const int Mac = 2, IntrMask = 0x3C, IntrStatus = 0x3E;

    readonly Card<Rtl8111> _card = new("nic");
    readonly PciSlot<PciDevice> _slot;

    public CardTraceTests()
    {
        var device = CardName.Plan(new Rtl8111(), null, []);
        var (trace, faults) = (new TraceRecorder(64), new FaultInjector());
        _slot = new PciSlot<PciDevice>(new LoopbackBus(), device.Entry.Create(), [trace, faults]);
        _card.Attach(new PluggedDevice(device, _slot, trace, faults) { Checks = new BusChecker(), Coverage = new DeviceCoverage() });
        _slot.WriteConfig(0x04, [0x06, 0x00]);
    }

    void ReadStatus() => _slot.Read(Mac, IntrStatus, new byte[2]);

    [Fact]
    public void Lines_are_counted_by_operation_and_register()
    {
        ReadStatus();
        _slot.Read(Mac, IntrMask, new byte[4]);     // one access over two registers
        _slot.Write(Mac, IntrMask, [0x20, 0x00]);
        Assert.Equal((2, 1, 1, 2), (_card.Trace.Count("mmio-read RTL8111.IntrStatus"), _card.Trace.Count("mmio-read RTL8111.IntrMask"),
            _card.Trace.Count("mmio-write rtl8111.intrmask"), _card.Trace.Count("mmio-read *")));
        Assert.Equal((2, 0), (_card.Trace.Count("mmio-read 0x3e"), _card.Trace.Count("irq *")));
        Assert.Equal((1, 3, 0, 2), (_card.Trace.Count("mmio 0x3e-0x3f len=2"), _card.Trace.Count("access BAR2"), _card.Trace.Count("mmio BAR1"), _card.Trace.Count("mmio-read RTL8111.IntrStatus.LinkChange")));
    }

    [Fact]
    public void A_fault_can_be_something_done_to_the_model()
    {
        _card.Fault("mmio-write RTL8111.IntrMask nth=2", nic => nic.CablePluggedIn = true);
        _slot.Write(Mac, IntrMask, [0, 0]);
        Assert.False(_card.Ask(nic => nic.CablePluggedIn));
        _slot.Write(Mac, IntrMask, [0, 0]);
        Assert.True(_card.Ask(nic => nic.CablePluggedIn));
        Assert.Equal((2L, 1L), (_card.Faults[0].Matched, _card.Faults[0].Struck));
        Assert.Contains("-- Fault: mmio-write RTL8111.IntrMask nth=2 -> do nic => nic.CablePluggedIn = true", _card.Trace.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void What_lies_before_a_mark_does_not_count()
    {
        ReadStatus();
        var mark = _card.Trace.Mark();
        Assert.Equal(0, _card.Trace.Count("mmio-read *", mark));
        ReadStatus();
        Assert.Equal(1, _card.Trace.Count("mmio-read *", mark));
    }

    [Fact]
    public void A_sequence_is_found_with_other_lines_between_and_not_in_another_order()
    {
        _slot.Write(Mac, IntrMask, [0x20, 0x00]);
        _card.Do(nic => nic.CablePluggedIn = true);
        ReadStatus();
        _card.Trace.Shows(0, "mmio-write RTL8111.IntrMask", "mmio-read RTL8111.IntrStatus");
        var failure = Assert.Throws<DriverFailedException>(() => _card.Trace.Shows(0, "mmio-read RTL8111.IntrStatus", "mmio-write RTL8111.IntrMask"));
        Assert.StartsWith("the trace has no 'mmio-write RTL8111.IntrMask' after 'mmio-read RTL8111.IntrStatus'; its end:", failure.Message, StringComparison.Ordinal);
        Assert.Contains("-- Stimulus: nic => nic.CablePluggedIn = true", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("mmio-read RTL8111.IntrStats")]
    [InlineData("mmio-red *")]
    [InlineData("irq 0 nth=3")]
    [InlineData("irq")]
    public void A_pattern_that_could_never_fit_is_an_error(string pattern) => Assert.Throws<FormatException>(() => _card.Trace.Count(pattern));

    [Fact]
    public void A_trace_that_has_lost_lines_does_not_pretend_otherwise()
    {
        for (var i = 0; i < 100; i++) ReadStatus();
        Assert.Contains("too many to keep", Assert.Throws<InvalidOperationException>(() => _card.Trace.Count("mmio-read *")).Message, StringComparison.Ordinal);
        var mark = _card.Trace.Mark();
        ReadStatus();
        Assert.Equal(1, _card.Trace.Count("mmio-read *", mark));
    }

    [Fact]
    public void A_fault_strikes_until_it_is_cleared_and_a_wrong_one_is_refused()
    {
        _card.Fault("mmio-read RTL8111.IntrStatus -> value 0xffff");
        var status = new byte[2];
        _slot.Read(Mac, IntrStatus, status);
        Assert.Equal([0xFF, 0xFF], status);
        _card.ClearFaults();
        _slot.Read(Mac, IntrStatus, status);
        Assert.Equal([0, 0], status);
        Assert.Throws<FormatException>(() => _card.Fault("mmio-read RTL8111.Nowhere -> drop"));
    }

    [Fact]
    public void A_card_answers_and_tells_what_its_bus_found()
    {
        Assert.False(_card.Ask(nic => nic.CablePluggedIn));
        _card.Do(nic => nic.CablePluggedIn = true);
        Assert.True(_card.Ask(nic => nic.CablePluggedIn));
        _slot.WriteConfig(0x04, [0x00, 0x00]);
        ReadStatus();
        Assert.Contains(_card.Findings, finding => finding.Check == "access-while-off");
    }

    [Fact]
    public void A_card_in_no_machine_says_so() => Assert.Contains("'nic' is in no machine yet",
        Assert.Throws<InvalidOperationException>(() => new Card<Rtl8111>("nic").Do(nic => nic.CablePluggedIn = true)).Message, StringComparison.Ordinal);
}
