using Understudy.Pci;
using Understudy.Transports.VhostUserPci;

namespace Understudy.Transports.Tests;

public sealed class VhostUserPciTests
{
    const byte Msi = 7, Int = 6;

    [Fact]
    public async Task Accesses_are_carried_out_and_given_back_before_the_guest_hears_so()
    {
        await using var rig = new VhostRig();
        using var guest = new VhostGuest(rig.SocketPath).Boot();
        Assert.Equal(0x5678_1234u, guest.ReadConfig(0, 4));
        Assert.Equal(0x1234u, guest.ReadConfig(0, 2));
        guest.Write32(0, ProbeDevice.EchoAt, 0xcafe_f00d);
        Assert.Equal(0xcafe_f00du, guest.Read32(0, ProbeDevice.EchoAt));
        Assert.Equal(uint.MaxValue, guest.ReadConfig(0x1000, 4));
    }

    [Fact]
    public async Task A_guest_in_a_hurry_need_not_kick_and_what_it_posts_is_carried_out_all_the_same()
    {
        await using var rig = new VhostRig(options: new VhostUserPciOptions { PostsWithin = TimeSpan.FromSeconds(10) });
        using var guest = new VhostGuest(rig.SocketPath).Boot();
        guest.IsLazy = true;
        for (uint value = 0; value < 2000; value++)
        {
            guest.Write32(0, ProbeDevice.EchoAt, value);
            Assert.Equal(value, guest.Read32(0, ProbeDevice.EchoAt));
            if (value % 50 == 0) guest.Kick(1);
        }
        Assert.True(guest.Unkicked >= 200);
        Assert.Empty(rig.Transport.Findings);
    }

    [Fact]
    public async Task A_guest_that_pauses_now_and_then_is_heard_whether_it_kicks_or_not()
    {
        await using var rig = new VhostRig(options: new VhostUserPciOptions { PostsWithin = TimeSpan.FromTicks(1) });
        using var guest = new VhostGuest(rig.SocketPath).Boot();
        guest.IsLazy = true;
        for (uint value = 0; value < 500; value++)
        {
            guest.Write32(0, ProbeDevice.EchoAt, value);
            Assert.Equal(value, guest.Read32(0, ProbeDevice.EchoAt));
            if (value % 25 == 0) Thread.Sleep(2);
        }
        Assert.Empty(rig.Transport.Findings);
    }

    [Fact]
    public async Task Long_transfers_and_fills_are_one_access()
    {
        await using var rig = new VhostRig();
        using var guest = new VhostGuest(rig.SocketPath).Boot();
        var data = Enumerable.Range(0, 4096).Select(i => (byte)i).ToArray();
        guest.Access(4, 0, ProbeDevice.WindowAt, data.Length, data, 0);
        Assert.Equal(data, guest.Access(3, 0, ProbeDevice.WindowAt, data.Length, [], data.Length));
        guest.Access(5, 0, ProbeDevice.WindowAt, 100, [0x5a], 0);
        Assert.Equal([0x5a, 0x5a, 100], guest.Access(3, 0, ProbeDevice.WindowAt + 98, 3, [], 3));
        Assert.Empty(rig.Transport.Findings);
    }

    [Fact]
    public async Task A_guest_in_simulated_time_is_told_how_long_a_late_answer_took()
    {
        await using var rig = new VhostRig(new CalendarClock());
        using var guest = new VhostGuest(rig.SocketPath).Boot();
        rig.Faults.Add(FaultRule.Parse("mmio-read * nth=2 -> delay 10us"));
        guest.Write32(0, ProbeDevice.EchoAt, 0xcafe_f00d);
        byte[] value = [0x0d, 0xf0, 0xfe, 0xca];
        Assert.Equal([.. value, 0, 0, 0, 0, 0, 0, 0, 0], guest.Access(3, 0, ProbeDevice.EchoAt, 4, [], 12));
        Assert.Equal([.. value, 0x10, 0x27, 0, 0, 0, 0, 0, 0], guest.Access(3, 0, ProbeDevice.EchoAt, 4, [], 12));
        Assert.Equal([.. value, 0, 0, 0, 0, 0, 0, 0, 0], guest.Access(3, 0, ProbeDevice.EchoAt, 4, [], 12));
        Assert.Equal(0, rig.Clock.Now);
        Assert.Empty(rig.Transport.Findings);
    }

    [Fact]
    public async Task A_late_answer_that_a_kernel_cannot_be_told_of_is_said()
    {
        await using var rig = new VhostRig(new CalendarClock());
        using var guest = new VhostGuest(rig.SocketPath).Boot();
        rig.Faults.Add(FaultRule.Parse("mmio-read * nth=1 -> delay 10us"));
        guest.Read32(0, ProbeDevice.EchoAt);
        Assert.Contains("10000 ns longer", Assert.Single(rig.Transport.Findings).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_an_unpatched_kernel_sends_for_a_fill_is_told()
    {
        await using var rig = new VhostRig();
        using var guest = new VhostGuest(rig.SocketPath).Boot();
        guest.Access(2, 0, 0x40, 16, [0, 0, 0, 0, 0, 0, 0, 0], 0);
        Assert.Equal("virtio-pcidev", Assert.Single(rig.Transport.Findings).Check);
    }

    [Fact]
    public async Task Interrupts_come_as_messages_and_those_without_a_buffer_wait_for_one()
    {
        await using var rig = new VhostRig();
        using var guest = new VhostGuest(rig.SocketPath).Boot();
        EnableMsi(guest);
        for (var i = 0; i < 12; i++) guest.Write32(0, ProbeDevice.DoorbellAt, (uint)i % 4);
        var all = guest.Interrupts();
        Assert.Equal(10, all.Count);
        Assert.All(all, interrupt => Assert.Equal(Msi, interrupt.Op));
        Assert.Equal([40u, 41, 42, 43], all.Take(4).Select(interrupt => interrupt.Data));
        Assert.True(guest.Calls.WaitReadable(TimeSpan.FromSeconds(10)));
        guest.Post();
        guest.Post();
        guest.Kick(1);
        Assert.Equal([42u, 43], guest.Interrupts().Skip(10).Select(interrupt => interrupt.Data));
    }

    [Fact]
    public async Task A_guest_that_reads_no_calls_stops_nobody()
    {
        await using var rig = new VhostRig();
        using var guest = new VhostGuest(rig.SocketPath).Boot();
        EnableMsi(guest);
        for (var i = 0; i < 5000; i++)
        {
            guest.Write32(0, ProbeDevice.DoorbellAt, 1);
            guest.Post();
            guest.Kick(1);
        }
        Assert.Equal(5000, guest.Used(1));
    }

    [Fact]
    public async Task A_pin_that_stays_asserted_is_told_again_when_it_has_been_handled()
    {
        await using var rig = new VhostRig();
        using var guest = new VhostGuest(rig.SocketPath).Boot();
        guest.Write32(0, ProbeDevice.LevelAt, 1);
        Assert.Equal([(Int, 1UL, 0u)], guest.Interrupts());
        guest.Write32(0, ProbeDevice.EchoAt, 1);
        Assert.Single(guest.Interrupts());
        guest.Post(slot: 0);
        guest.Kick(1);
        Assert.Equal(2, guest.Interrupts().Count);
        guest.Write32(0, ProbeDevice.LevelAt, 0);
        guest.Post(slot: 1);
        guest.Kick(1);
        Assert.Equal(2, guest.Interrupts().Count);
    }

    [Fact]
    public async Task A_pin_nobody_listens_to_is_told_once_whatever_else_interrupts()
    {
        await using var rig = new VhostRig();
        using var guest = new VhostGuest(rig.SocketPath).Boot();
        guest.Write32(0, ProbeDevice.LevelAt, 1);
        for (var slot = 10; slot < 14; slot++)
        {
            guest.Post(slot);
            guest.Kick(1);
        }
        Assert.Single(guest.Interrupts());
        guest.Post(slot: 0);
        guest.Kick(1);
        Assert.Equal(2, guest.Interrupts().Count);
    }

    [Fact]
    public async Task Dma_reaches_what_is_shared_and_nothing_below_or_beyond()
    {
        await using var rig = new VhostRig();
        using var guest = new VhostGuest(rig.SocketPath).Boot();
        Assert.True(Writes(rig, VhostGuest.Base + 0x80000, [1, 2, 3, 4]));
        var seen = new byte[4];
        guest.Memory.Read(0x80000, seen);
        Assert.Equal([1, 2, 3, 4], seen);
        Assert.False(Writes(rig, VhostGuest.Base - 2, [1, 2, 3, 4]));
        Assert.False(Writes(rig, VhostGuest.Base + VhostGuest.Size - 2, [1, 2, 3, 4]));
        Assert.False(Writes(rig, ulong.MaxValue - 1, [1, 2, 3, 4]));
        Assert.Contains(rig.Slot.Findings, finding => finding.Check == "dma-unmapped");
    }

    [Fact]
    public async Task A_driver_that_binds_again_finds_the_device_reset_on_the_same_connection()
    {
        await using var rig = new VhostRig();
        using var guest = new VhostGuest(rig.SocketPath).Boot();
        guest.Write32(0, ProbeDevice.EchoAt, 5);
        guest.Call(18, VhostGuest.State(1, 0));
        guest.Call(18, VhostGuest.State(0, 0));
        guest.Share();
        guest.WriteConfig(4, 2, 0x6);
        Assert.Equal(0u, guest.Read32(0, ProbeDevice.EchoAt));
    }

    [Fact]
    public async Task A_guest_that_is_gone_makes_room_for_the_next()
    {
        await using var rig = new VhostRig();
        new VhostGuest(rig.SocketPath).Boot().Dispose();
        using var next = new VhostGuest(rig.SocketPath).Boot();
        next.Write32(0, ProbeDevice.EchoAt, 7);
        Assert.Equal(7u, next.Read32(0, ProbeDevice.EchoAt));
        Assert.Empty(rig.Transport.Findings);
    }

    [Fact]
    public async Task A_queue_that_is_nonsense_ends_the_conversation_with_a_finding()
    {
        await using var rig = new VhostRig();
        using var guest = new VhostGuest(rig.SocketPath).Boot();
        guest.Memory.Write(VhostGuest.At(0) - VhostGuest.Base + 0x1002, VhostGuest.Bytes((ushort)5000));
        guest.Send(35, VhostGuest.State(0, 0), wantsReply: true);
        Assert.Throws<EndOfStreamException>(() => guest.Receive());
        Assert.Contains(rig.Transport.Findings, finding => finding.Check == "vhost-user-protocol" && finding.Text.Contains("offers", StringComparison.Ordinal));
    }

    static bool Writes(VhostRig rig, ulong address, byte[] data) => rig.Slot.Stimulate("write", device => ((ProbeDevice)device).Writes(address, data));

    // Four vectors, whose messages begin with 40.
    internal static void EnableMsi(VhostGuest guest)
    {
        var at = guest.ReadConfig(0x34, 1);
        while ((guest.ReadConfig(at, 1) & 0xff) != 5) at = guest.ReadConfig(at + 1, 1);
        var is64 = (guest.ReadConfig(at + 2, 2) & 0x80) != 0;
        guest.WriteConfig(at + 4, 4, 0xa0000);
        guest.WriteConfig(at + (is64 ? 12u : 8u), 2, 40);
        guest.WriteConfig(at + 2, 2, 0x21);
    }
}
