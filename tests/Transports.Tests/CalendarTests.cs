using System.Text;
using Understudy.Linux;
using Understudy.Transports.TimeTravel;

namespace Understudy.Transports.Tests;

/// <summary>The calendar against guests that follow the protocol, and guests that do not.</summary>
public sealed class CalendarTests
{
    static readonly TimeSpan s_limit = TimeSpan.FromSeconds(30);

    [Fact]
    public void A_guest_that_rests_is_told_the_time_it_wanted()
    {
        using var rig = new TimeRig();
        rig.Calendar.Begin();
        using var guest = rig.Connect().Start();
        guest.Rest(until: 1_000);
        Assert.Equal(1_000UL, guest.Run());
        Assert.Equal(1_000UL, guest.Ask(TimeOp.Get, 0));
        Assert.Equal(0UL, guest.Ask(TimeOp.Update, 1_000));
        guest.Ask(TimeOp.Request, 90_000_000_000);
        guest.Ask(TimeOp.Request, 5_000);
        guest.Ask(TimeOp.Wait, 0);
        Assert.Equal(5_000UL, guest.Run());
        Assert.Empty(rig.Complaints);
    }

    [Fact]
    public void The_wall_clock_begins_at_the_same_time_in_every_run()
    {
        using var rig = new TimeRig();
        using var guest = rig.Connect().Start();
        Assert.Equal(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero).ToUnixTimeSeconds(), (long)(guest.Ask(TimeOp.GetTimeOfDay, 0) / 1_000_000_000));
    }

    [Fact]
    public void Time_stands_still_while_nobody_waits_and_while_the_guest_waits_for_us()
    {
        using var rig = new TimeRig();
        using var guest = rig.Connect().Start();
        guest.Rest(until: 1_000);
        for (var i = 0; i < 100; i++) Assert.Equal(0UL, guest.Ask(TimeOp.Get, 0));
        rig.Calendar.Hold();
        rig.Calendar.Begin();
        for (var i = 0; i < 100; i++) Assert.Equal(0UL, guest.Ask(TimeOp.Get, 0));
        rig.Calendar.Release();
        Assert.Equal(1_000UL, guest.Run());
    }

    [Fact]
    public async Task A_devices_timer_is_due_at_its_time_and_its_interrupt_comes_then()
    {
        using var time = new TimeRig();
        await using var rig = new VhostRig(time.Clock, time.Calendar);
        using var guest = new VhostGuest(rig.SocketPath).Boot();
        using var clock = time.Connect().Start();
        VhostUserPciTests.EnableMsi(guest);
        guest.Write32(0, ProbeDevice.AlarmAt, 700);
        time.Calendar.Begin();
        clock.Rest(until: 1_000);
        AnswerCall(guest, () =>
        {
            Assert.Equal(700UL, clock.Ask(TimeOp.Get, 0));
            clock.Ask(TimeOp.Request, 700);
        });
        Assert.Equal(700UL, clock.Run());
        Assert.Equal([700L], rig.Slot.Ask(probe => probe.Alarms.ToArray()));
        Assert.Single(guest.Interrupts());
        clock.Rest(until: 1_000);
        Assert.Equal(1_000UL, clock.Run());
        Assert.Empty(time.Complaints);
    }

    [Fact]
    public async Task A_pin_that_stays_asserted_lets_time_pass_between_two_interrupts()
    {
        using var time = new TimeRig();
        await using var rig = new VhostRig(time.Clock, time.Calendar);
        using var guest = new VhostGuest(rig.SocketPath).Boot();
        using var clock = time.Connect().Start();
        void Look()
        {
            clock.Ask(TimeOp.Get, 0);
            clock.Ask(TimeOp.Request, (ulong)time.Clock.Now);
        }
        var writing = Task.Run(() => guest.Write32(0, ProbeDevice.LevelAt, 1), TestContext.Current.CancellationToken);
        AnswerCall(guest, Look);
        await writing.WaitAsync(s_limit, TestContext.Current.CancellationToken);
        for (var kick = 0; kick < 2; kick++)
        {
            guest.Post(slot: 0);
            guest.Kick(1);
            Assert.Single(guest.Interrupts());
        }
        time.Calendar.Begin();
        clock.Rest(until: 1_000);
        AnswerCall(guest, Look);
        Assert.Equal(500UL, clock.Run());
        Assert.Equal(2, guest.Interrupts().Count);
    }

    [Fact]
    public async Task A_kick_is_answered_when_the_guest_knows_of_the_interrupt_it_led_to()
    {
        using var time = new TimeRig();
        await using var rig = new VhostRig(time.Clock, time.Calendar);
        using var guest = new VhostGuest(rig.SocketPath).Boot();
        using var clock = time.Connect().Start();
        VhostUserPciTests.EnableMsi(guest);
        var writing = Task.Run(() => guest.Write32(0, ProbeDevice.DoorbellAt, 1), TestContext.Current.CancellationToken);
        Assert.True(guest.Calls.WaitReadable(s_limit));
        Assert.False(writing.IsCompleted);
        AnswerCall(guest, () =>
        {
            Assert.False(guest.HasAnswer(TimeSpan.Zero));
            clock.Ask(TimeOp.Get, 0);
        });
        await writing.WaitAsync(s_limit, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task What_is_done_to_a_device_from_outside_reaches_a_guest_that_rests()
    {
        using var time = new TimeRig();
        await using var rig = new VhostRig(time.Clock, time.Calendar);
        using var guest = new VhostGuest(rig.SocketPath).Boot();
        using var clock = time.Connect().Start();
        VhostUserPciTests.EnableMsi(guest);
        clock.Rest(until: 1_000);
        rig.Slot.Do(probe => probe.Assert(true));
        time.Calendar.Begin();
        AnswerCall(guest, () => clock.Ask(TimeOp.Request, 0));
        Assert.Equal(0UL, clock.Run());
    }

    [Fact]
    public async Task A_line_is_shown_when_the_guest_rests_and_tells_it_what_was_written_at_the_time_it_is()
    {
        using var rig = new TimeRig();
        var (ours, its) = UnixSocket.Pair();
        using var end = its;
        await using var line = rig.Calendar.Serve(ours);
        using var guest = rig.Connect().Start();
        rig.Calendar.Begin();
        end.Send("hello"u8);
        guest.Rest(until: 1_000);
        var heard = new byte[16];
        Assert.Equal(5, await line.ReadAsync(heard, TestContext.Current.CancellationToken));
        await line.WriteAsync("you"u8.ToArray(), TestContext.Current.CancellationToken);
        var more = line.ReadAsync(heard, TestContext.Current.CancellationToken);      // from here on the reader has done all it had to
        Assert.True(end.WaitReadable(s_limit));
        Assert.Equal(0UL, guest.Ask(TimeOp.Get, 0));
        guest.Ask(TimeOp.Request, 0);
        Assert.Equal(0UL, guest.Run());
        var told = new byte[16];
        Assert.Equal("you", Encoding.ASCII.GetString(told, 0, end.TryReceive(told) ?? 0));
        end.Dispose();
        Assert.Equal(0, await more);
    }

    [Fact]
    public void A_guest_that_wants_the_past_gets_the_present()
    {
        using var rig = new TimeRig();
        rig.Calendar.Begin();
        using var guest = rig.Connect().Start();
        guest.Rest(until: 1_000);
        guest.Run();
        guest.Rest(until: 10);
        Assert.Equal(1_000UL, guest.Run());
        guest.Ask(TimeOp.Update, 77);
        Assert.Equal(2, rig.Complaints.Count());
    }

    [Fact]
    public void A_guest_that_wants_nothing_any_more_is_left_alone()
    {
        using var rig = new TimeRig();
        rig.Calendar.Begin();
        using var guest = rig.Connect().Start();
        guest.Rest(until: long.MaxValue);
        Assert.Equal(0UL, guest.Ask(TimeOp.Get, 0));
        guest.Ask(TimeOp.Request, 3);
        Assert.Equal(3UL, guest.Run());
    }

    [Fact]
    public async Task A_guest_that_takes_no_note_of_its_interrupt_is_not_waited_for_for_ever()
    {
        using var time = new TimeRig();
        time.Calendar.Patience = TimeSpan.FromMilliseconds(10);
        await using var rig = new VhostRig(time.Clock, time.Calendar);
        using var guest = new VhostGuest(rig.SocketPath).Boot();
        using var clock = time.Connect().Start();
        VhostUserPciTests.EnableMsi(guest);
        guest.Write32(0, ProbeDevice.DoorbellAt, 1);
        clock.Rest(until: 1_000);
        time.Calendar.Begin();
        Assert.Equal(1_000UL, clock.Run());
        Assert.Contains("takes no note", Assert.Single(AwaitComplaints(time)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_guest_nobody_waits_for_goes_on_all_the_same_but_slowly()
    {
        using var rig = new TimeRig();
        rig.Calendar.Patience = TimeSpan.FromMilliseconds(10);
        using var guest = rig.Connect().Start();
        guest.Rest(until: 1_000);
        Assert.Equal(1_000UL, guest.Run());
    }

    [Theory]
    [InlineData(7u)]
    [InlineData(99u)]
    public void Messages_that_no_guest_sends_end_the_conversation(uint op)
    {
        using var rig = new TimeRig();
        using var guest = rig.Connect().Start();
        guest.Say((TimeOp)op, 0);
        Assert.Contains(op.ToString(), Assert.Single(AwaitComplaints(rig)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_guest_that_leaves_in_the_middle_or_reads_no_answers_holds_nobody_up()
    {
        using (var rig = new TimeRig())
        using (var guest = rig.Connect().Start()) guest.SayBytes([1, 2, 3]);
        using (var rig = new TimeRig())
        using (var guest = rig.Connect().Start())
            Assert.Throws<LinuxException>(() => SayForEver(guest));
    }

    static void SayForEver(TimePeer guest)
    {
        while (true) guest.Say(TimeOp.Get, 0);
    }

    internal static void AnswerCall(VhostGuest guest, Action meanwhile)
    {
        Assert.True(guest.Calls.WaitReadable(s_limit), "the guest was not called");
        var call = new byte[20];
        Assert.Equal(20, guest.Calls.TryReceive(call));
        Assert.Equal([4, 9, 8, 1], [call[0], call[4], call[8], call[12]]);
        meanwhile();
        guest.Calls.Send([4, 0, 0, 0, 5, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    }

    static List<string> AwaitComplaints(TimeRig rig)
    {
        Assert.True(SpinWait.SpinUntil(() => rig.Complaints.Any(), s_limit), "nothing was found");
        return [.. rig.Complaints];
    }
}
