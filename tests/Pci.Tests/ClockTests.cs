namespace Understudy.Pci.Tests;

public class ClockTests
{
    static readonly TimeSpan Generous = TimeSpan.FromSeconds(60);

    readonly Gadget _gadget = new();
    string _fired = "";

    ManualClock Plug() => Plug(new ManualClock());

    T Plug<T>(T clock) where T : DeviceClock
    {
        _ = new PciSlot(new LoopbackBus(clock: clock), _gadget);
        return clock;
    }

    DeviceTimer Named(string name) => _gadget.NewTimer(() => _fired += name, name);

    [Fact]
    public void Timers_fire_by_due_time_then_by_arming()
    {
        var clock = Plug();
        var (a, b, c, d) = (Named("a"), Named("b"), Named("c"), Named("d"));
        a.Arm(30);
        b.Arm(10);
        c.Arm(10);
        d.Arm(20);
        Assert.Equal(0, clock.Advance(9));
        Assert.Equal(2, clock.Advance(1));
        Assert.Equal("bc", _fired);
        Assert.Equal(2, clock.Advance(100));
        Assert.Equal("bcda", _fired);
        Assert.Equal(110, clock.Now);
    }

    [Fact]
    public void A_timer_sees_its_own_due_time()
    {
        var clock = Plug();
        var seen = new List<long>();
        DeviceTimer? again = null;
        again = _gadget.NewTimer(() => { seen.Add(_gadget.Time); if (seen.Count < 3) again!.Arm(100); });
        again.Arm(100);
        Assert.Equal(3, clock.Advance(1000));
        Assert.Equal([100, 200, 300], seen);
    }

    [Fact]
    public void Cancelled_does_not_fire_and_re_armed_fires_once()
    {
        var clock = Plug();
        var (a, b) = (Named("a"), Named("b"));
        a.Arm(10);
        b.Arm(10);
        a.Cancel();
        a.Cancel();
        Assert.False(a.IsArmed);
        b.Arm(50);
        Assert.Equal(0, clock.Advance(49));
        Assert.Equal(1, clock.Advance(1));
        a.Arm(5);
        a.Arm(3);
        a.Arm(4);
        Assert.Equal(1, clock.Advance(10));
        Assert.Equal("ba", _fired);
        Assert.False(a.IsArmed);
    }

    [Fact]
    public void A_reset_cancels_every_timer()
    {
        var clock = new ManualClock();
        var slot = new PciSlot(new LoopbackBus(clock: clock), _gadget);
        Named("a").Arm(10);
        slot.Reset();
        Assert.Equal(0, clock.Advance(100));
    }

    [Fact]
    public void A_timer_that_re_arms_itself_at_once_does_not_stop_time()
    {
        var clock = Plug();
        var count = 0;
        DeviceTimer? again = null;
        again = _gadget.NewTimer(() => { count++; again!.Arm(0); });
        again.Arm(0);
        clock.Advance(50);
        Assert.Equal(50, count);
        Assert.Throws<InvalidOperationException>(() => clock.RunUntilIdle(1000));
    }

    [Fact]
    public void Running_until_idle_jumps_from_event_to_event()
    {
        var clock = Plug();
        Named("a").Arm(1_000_000_000);
        Named("b").Arm(10);
        clock.RunUntilIdle();
        Assert.Equal("ba", _fired);
        Assert.Equal(1_000_000_000, clock.Now);
    }

    [Fact]
    public void The_end_of_time_is_never_reached_by_overflow()
    {
        var clock = Plug();
        clock.Advance(10);
        var never = Named("never");
        never.Arm(long.MaxValue);
        Assert.Equal(0, clock.Advance(1_000_000));
        Assert.True(never.IsArmed);
        Assert.Throws<ArgumentOutOfRangeException>(() => never.Arm(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => clock.Advance(-1));
    }

    [Fact]
    public void On_a_paced_bus_every_poll_costs_its_time()
    {
        using var clock = new PacedClock(nanosecondsPerAccess: 500, quiet: TimeSpan.FromHours(1));
        var slot = new PciSlot(new LoopbackBus(clock: clock), _gadget);
        Named("done").Arm(2000);
        var polls = 0;
        while (_fired.Length == 0) { slot.Config(0); polls++; }
        Assert.Equal(4, polls);
        Assert.Equal(2000, clock.Now);
    }

    [Fact]
    public void A_driver_that_sleeps_between_its_polls_gives_the_device_that_time()
    {
        using var clock = new PacedClock(quiet: TimeSpan.FromMilliseconds(40));
        var slot = new PciSlot(new LoopbackBus(clock: clock), _gadget);
        var steps = 0;
        DeviceTimer? step = null;
        step = _gadget.NewTimer(() => { if (++steps < 1000) step!.Arm(100_000); }, "step");
        slot.Config(0);
        lock (clock.Gate) step.Arm(100_000);
        for (var poll = 0; poll < 40; poll++)
        {
            Thread.Sleep(22);
            slot.Config(0);
        }
        Assert.Equal(1000, steps);
    }

    [Fact]
    public void A_pause_now_and_then_is_the_hosts_and_gives_the_device_nothing()
    {
        using var clock = new PacedClock(quiet: TimeSpan.FromMilliseconds(10));
        var slot = new PciSlot(new LoopbackBus(clock: clock), _gadget);
        for (var pause = 0; pause < 10; pause++)
        {
            Thread.Sleep(8);
            slot.Config(0);
        }
        Assert.InRange(clock.Now, 0, 10_000);
    }

    [Fact]
    public async Task A_quiet_paced_bus_jumps_to_the_next_event()
    {
        using var clock = new PacedClock(quiet: TimeSpan.FromMilliseconds(1));
        Plug(clock);
        var done = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
        var second = _gadget.NewTimer(() => done.SetResult(_gadget.Time), "second");
        var first = _gadget.NewTimer(() => second.Arm(1_000_000_000_000), "first");
        lock (clock.Gate) first.Arm(3_600_000_000_000);
        Assert.Equal(4_600_000_000_000, await done.Task.WaitAsync(Generous, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task The_real_clock_fires_when_its_time_has_come()
    {
        using var clock = new RealClock();
        Plug(clock);
        var done = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
        var timer = _gadget.NewTimer(() => done.SetResult(_gadget.Time), "real");
        long armed;
        lock (clock.Gate)
        {
            armed = clock.Now;
            timer.Arm(2_000_000);
        }
        Assert.True(await done.Task.WaitAsync(Generous, TestContext.Current.CancellationToken) >= armed + 2_000_000);
    }

    [Fact]
    public void A_far_event_is_no_trouble_for_the_real_clock()
    {
        using var clock = new RealClock();
        Plug(clock);
        var timer = Named("far");
        lock (clock.Gate) timer.Arm(long.MaxValue);
        Assert.True(timer.IsArmed);
    }

    [Fact]
    public void A_disposed_clock_fires_nothing()
    {
        var paced = new PacedClock(1_000_000, quiet: TimeSpan.FromHours(1));
        var slot = new PciSlot(new LoopbackBus(clock: paced), _gadget);
        Named("late").Arm(1);
        paced.Dispose();
        slot.Config(0);
        Assert.Equal("", _fired);

        var real = new RealClock();
        var other = new Gadget();
        slot = new PciSlot(new LoopbackBus(clock: real), other);
        real.Dispose();
        other.NewTimer(() => _fired += "x", "x").Arm(1);
        slot.Config(0);
        Assert.Equal("", _fired);
    }

    [Fact]
    public void Pacing_takes_no_negative_time()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new PacedClock(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new PacedClock(1, TimeSpan.FromSeconds(-1)));
    }

    [Fact]
    public void One_seed_one_sequence()
    {
        static int[] Rolls(int seed)
        {
            var gadget = new Gadget();
            _ = new PciSlot(new LoopbackBus(), gadget, seed: seed);
            return [gadget.Roll(), gadget.Roll(), gadget.Roll()];
        }
        Assert.Equal(Rolls(7), Rolls(7));
        Assert.NotEqual(Rolls(7), Rolls(8));
    }
}
