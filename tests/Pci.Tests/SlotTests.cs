namespace Understudy.Pci.Tests;

public class SlotTests
{
    readonly LoopbackBus _bus = new();
    readonly List<string> _log = [];

    [Fact]
    public void Interceptors_see_everything_outermost_first_in_both_directions()
    {
        var slot = new PciSlot<Nic>(_bus, new Nic(messages: false), [new Watcher("a", _log), new Watcher("b", _log)]).Enable();
        slot.Write16(2, 0x3C, 0xFFFF);
        _log.Clear();
        slot.Do(nic => nic.ChangeLink());
        slot.Reset();
        Assert.Equal(
        [
            "a#Stimulus nic => nic.ChangeLink()", "b#Stimulus nic => nic.ChangeLink()",
            "a>IntxAssert", "b>IntxAssert", "b<IntxAssert Ok", "a<IntxAssert Ok",
            "a>Reset", "b>Reset", "a>IntxDeassert", "b>IntxDeassert", "b<IntxDeassert Ok", "a<IntxDeassert Ok", "b<Reset Ok", "a<Reset Ok",
        ], _log);
    }

    [Fact]
    public void An_interceptor_may_answer_in_the_devices_place()
    {
        var slot = new PciSlot(_bus, new Nic(), [new Watcher("a", _log, op => op == BusOp.MmioRead ? BusStatus.CompletionTimeout : null), new Watcher("b", _log)]).Enable();
        _log.Clear();
        var data = new byte[2];
        Assert.Equal(BusStatus.CompletionTimeout, slot.Read(2, 0x3C, data));
        Assert.Equal([0xFF, 0xFF], data);
        Assert.Equal(["a>MmioRead", "a<MmioRead CompletionTimeout"], _log);
    }

    [Fact]
    public void Stimuli_run_under_the_lock_and_their_exceptions_come_back()
    {
        var slot = new PciSlot<Nic>(_bus, new Nic());
        slot.Do(_ => Assert.True(_bus.Clock.Gate.IsHeldByCurrentThread));
        Assert.True(slot.Ask(_ => _bus.Clock.Gate.IsHeldByCurrentThread));
        Assert.Throws<InvalidTimeZoneException>(() => slot.Do(_ => throw new InvalidTimeZoneException()));
        Assert.Empty(slot.Findings);
        Assert.False(_bus.Clock.Gate.IsHeldByCurrentThread);
    }

    [Fact]
    public void A_device_is_plugged_in_under_the_lock()
    {
        var held = false;
        _ = new PciSlot(_bus, new Gadget(g => g.WhenPluggedIn = () => held = _bus.Clock.Gate.IsHeldByCurrentThread));
        Assert.True(held);
    }

    [Fact]
    public void A_finding_is_made_once()
    {
        var found = new List<string>();
        var gadget = new Gadget();
        var slot = new PciSlot(_bus, gadget, [new Watcher("w", _log)]);
        slot.Found += finding => found.Add(finding.Text);
        _bus.Time.Advance(42);
        for (var i = 0; i < 3; i++) gadget.Say("check", "same");
        gadget.Say("check", "other");
        gadget.Say("second", "same");
        Assert.Equal(["same", "other", "same"], found);
        Assert.Equal(new BusFinding("check", "same", 42), slot.Findings[0]);
        Assert.Equal(["w#Finding same", "w#Finding other", "w#Finding same"], _log);
    }

    [Fact]
    public void A_flood_of_one_check_ends_and_hides_no_other()
    {
        var slot = new PciSlot(_bus, new Nic()).Enable();
        for (var i = 0; i < 2000; i++) slot.Read32(2, (ulong)(0x1000 + i));
        slot.Write32(2, 0x50, 1);
        Assert.Equal(100, slot.Findings.Count(f => f.Check == "access-while-off"));
        Assert.Contains("further ones are not kept", slot.Findings[99].Text, StringComparison.Ordinal);
        Assert.Equal("model-crashed", slot.Findings[^1].Check);
    }

    [Fact]
    public void What_the_model_does_not_do_is_said_once()
    {
        var slot = new PciSlot(_bus, new Nic()).Enable();
        slot.Write32(2, 0x54, 0);
        Assert.Empty(slot.Findings);
        slot.Write32(2, 0x54, 5);
        slot.Write32(2, 0x54, 6);
        Assert.Equal(("not-modelled", "MAC.Mystery was written; the model only stores it"), (Assert.Single(slot.Findings).Check, slot.Findings[0].Text));
        Assert.Equal(6u, slot.Read32(2, 0x54));
    }

    [Fact]
    public void Where_the_datasheet_is_silent_is_said_once_a_place()
    {
        var slot = new PciSlot(_bus, new Nic()).Enable();
        for (var i = 0; i < 3; i++) { slot.Read32(2, 0x60); slot.Write32(2, 0x64, 0); }
        Assert.Equal(["undocumented-offset", "undocumented-offset"], slot.Findings.Select(f => f.Check));
    }

    public static TheoryData<string, Action<PciSlot>> Crashes => new()
    {
        { "MmioRead", slot => Assert.Equal(0xFFFF_FFFFu, slot.Read32(2, 0x50)) },
        { "MmioWrite", slot => Assert.Equal(BusStatus.UnsupportedRequest, slot.Write32(2, 0x50, 7)) },
        { "Reset", slot => { ((Nic)slot.Device).WhenReset = () => throw new InvalidOperationException("reset"); slot.Reset(); slot.Enable(); } },
        { "Reset", slot => { ((Nic)slot.Device).WhenReset = () => throw new InvalidOperationException("flr"); slot.SetConfig(slot.Find(0x10) + 8, 0x8000, 2); slot.Enable(); } },
        { "timer Transmit", slot => { ((Nic)slot.Device).OnTransmit = () => throw new InvalidOperationException("late"); slot.Write32(2, 0x40, 0); ((ManualClock)slot.Clock).Advance(5000); } },
    };

    [Theory]
    [MemberData(nameof(Crashes))]
    public void A_model_that_throws_is_a_finding_and_ones_until_a_reset(string during, Action<PciSlot> crash)
    {
        var trace = new TraceRecorder();
        var nic = new Nic();
        var slot = new PciSlot(_bus, nic, [trace]).Enable();
        slot.Write16(2, 0x3C, 0xABCD);
        crash(slot);

        var finding = Assert.Single(slot.Findings);
        Assert.Equal("model-crashed", finding.Check);
        Assert.Contains($"Nic threw InvalidOperationException during {during}", finding.Text, StringComparison.Ordinal);
        Assert.Contains("at Understudy.Pci.Tests", finding.Detail, StringComparison.Ordinal);
        Assert.Contains("MmioWrite MAC.IntrMask = 0xabcd", finding.Detail, StringComparison.Ordinal);
        Assert.Equal(0xFFFFu, slot.Read16(2, 0x3C));
        Assert.Equal(BusStatus.UnsupportedRequest, slot.Write16(2, 0x3C, 1));
        Assert.Equal(0x10ECu, slot.Config(0, 2));

        (nic.WhenReset, nic.OnTransmit) = (null, null);
        slot.Reset();
        slot.Enable().Write16(2, 0x3C, 0x1234);
        Assert.Equal(0x1234u, slot.Read16(2, 0x3C));
        Assert.Single(slot.Findings);
    }

    [Fact]
    public void The_access_that_crashed_stands_refused_in_the_trace()
    {
        var trace = new TraceRecorder();
        var slot = new PciSlot(_bus, new Nic(), [trace]).Enable();
        slot.Read32(2, 0x50);
        Assert.Contains("MmioRead MAC.Boom = 0x0  [CompletionTimeout]", slot.Findings[0].Detail, StringComparison.Ordinal);
        Assert.Contains("MmioRead MAC.Boom = 0xffffffff  [UnsupportedRequest]", trace.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void The_timers_of_a_crashed_model_are_silent()
    {
        var sent = 0;
        var slot = new PciSlot(_bus, new Nic { OnTransmit = () => sent++ }).Enable();
        slot.Write32(2, 0x40, 0);
        slot.Read32(2, 0x50);
        _bus.Time.Advance(5000);
        Assert.Equal(0, sent);
    }

    [Fact]
    public void A_crash_in_an_interceptor_escapes_nowhere()
    {
        var slot = new PciSlot(_bus, new Nic(), [new Watcher("w", _log, op => op == BusOp.MmioRead ? throw new NotSupportedException() : null)]).Enable();
        Assert.Equal(0xFFFFu, slot.Read16(2, 0x3C));
        Assert.Contains("in an interceptor", Assert.Single(slot.Findings).Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_crash_with_the_pin_up_lets_it_go_on_reset()
    {
        var slot = new PciSlot<Nic>(_bus, new Nic(messages: false) { WhenReset = () => throw new InvalidOperationException() }).Enable();
        slot.Write16(2, 0x3C, 0xFFFF);
        slot.Do(nic => nic.ChangeLink());
        Assert.True(_bus.Intx);
        slot.Reset();
        Assert.False(_bus.Intx);
    }
}
