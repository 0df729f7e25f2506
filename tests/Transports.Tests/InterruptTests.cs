using Understudy.Linux;
using static Understudy.Transports.Tests.ScriptedClient;

namespace Understudy.Transports.Tests;

public sealed class InterruptTests
{
    const uint Intx = 0, Msi = 1, Msix = 2;
    const int SetIrqs = 8;

    /// <summary>Sets the enable bit of a capability, found as a driver finds it.</summary>
    static void EnableCapability(ScriptedClient client, byte id, int control, ushort value)
    {
        var at = client.Read(7, 0x34, 1)[0];
        while (client.Read(7, at, 1)[0] != id) at = client.Read(7, (ulong)at + 1, 1)[0];
        client.Write(7, (ulong)(at + control), Bytes(value));
    }

    static void EnableMsi(ScriptedClient client) => EnableCapability(client, 0x05, 2, 1 | 2 << 4);

    static void EnableMsix(ScriptedClient client) => EnableCapability(client, 0x11, 2, 0x8000);

    [Fact]
    public async Task Intx_fires_once_for_a_level_and_again_at_each_unmask_while_the_level_stands()
    {
        await using var rig = new Rig();
        using var client = rig.Boot();
        using var events = client.Install(Intx, 0);
        client.Write32(0, ProbeDevice.LevelAt, 1);
        Assert.Equal(1UL, events.Take());
        client.Write32(0, ProbeDevice.LevelAt, 0);
        client.Write32(0, ProbeDevice.LevelAt, 1);
        Assert.Equal(0UL, events.Take());                          // masked since it fired
        client.Call(SetIrqs, Irqs(0x11, Intx, 0, 1));
        Assert.Equal(1UL, events.Take());
        client.Call(SetIrqs, Irqs(0x11, Intx, 0, 1));
        Assert.Equal(1UL, events.Take());
        client.Write32(0, ProbeDevice.LevelAt, 0);
        client.Call(SetIrqs, Irqs(0x11, Intx, 0, 1));
        Assert.Equal(0UL, events.Take());
        client.Write32(0, ProbeDevice.LevelAt, 1);
        Assert.Equal(1UL, events.Take());
    }

    [Fact]
    public async Task Intx_that_falls_before_the_machine_has_looked_is_taken_back()
    {
        await using var rig = new Rig();
        using var client = rig.Boot();
        using var events = client.Install(Intx, 0);
        client.Write32(0, ProbeDevice.LevelAt, 1);
        client.Write32(0, ProbeDevice.LevelAt, 0);
        Assert.Equal(0UL, events.Take());
        client.Write32(0, ProbeDevice.LevelAt, 1);
        Assert.Equal(1UL, events.Take());                          // nobody had to unmask it
        client.Call(SetIrqs, Irqs(0x09, Intx, 0, 1));
        client.Write32(0, ProbeDevice.LevelAt, 0);
        client.Write32(0, ProbeDevice.LevelAt, 1);
        Assert.Equal(0UL, events.Take());                          // what the machine masks stays masked
    }

    [Fact]
    public async Task Intx_that_is_masked_waits_for_the_unmask()
    {
        await using var rig = new Rig();
        using var client = rig.Boot();
        using var events = client.Install(Intx, 0);
        client.Call(SetIrqs, Irqs(0x09, Intx, 0, 1));
        client.Write32(0, ProbeDevice.LevelAt, 1);
        Assert.Equal(0UL, events.Take());
        client.Call(SetIrqs, Irqs(0x12, Intx, 0, 1, 0));           // unmask, but not this one
        Assert.Equal(0UL, events.Take());
        client.Call(SetIrqs, Irqs(0x12, Intx, 0, 1, 1));
        Assert.Equal(1UL, events.Take());
    }

    [Fact]
    public async Task An_event_installed_while_the_pin_is_asserted_fires_at_once()
    {
        await using var rig = new Rig();
        using var client = rig.Boot();
        client.Write32(0, ProbeDevice.LevelAt, 1);
        using var events = client.Install(Intx, 0);
        Assert.Equal(1UL, events.Take());
        client.Call(SetIrqs, Irqs(0x21, Intx, 0, 0));              // off
        client.Call(SetIrqs, Irqs(0x11, Intx, 0, 1));
        Assert.Equal(0UL, events.Take());
        using var second = client.Install(Intx, 0);
        Assert.Equal(1UL, second.Take());
        Assert.Equal(0UL, events.Take());
    }

    [Fact]
    public async Task A_reset_lowers_the_pin()
    {
        await using var rig = new Rig();
        using var client = rig.Boot();
        using var events = client.Install(Intx, 0);
        client.Write32(0, ProbeDevice.LevelAt, 1);
        Assert.Equal(1UL, events.Take());
        client.Call(13, []);
        client.Call(SetIrqs, Irqs(0x11, Intx, 0, 1));
        Assert.Equal(0UL, events.Take());
    }

    [Fact]
    public async Task Every_msix_vector_reaches_its_own_event()
    {
        await using var rig = new Rig();
        using var client = rig.Boot();
        EnableMsix(client);
        client.Call(SetIrqs, Irqs(0x24, Msix, 0, 1));              // as QEMU does first: enable with no vector
        var events = Enumerable.Range(0, ProbeDevice.MsixVectorCount).Select(i => client.Install(Msix, (uint)i)).ToArray();
        for (var i = 0u; i < events.Length; i++)
        {
            client.Write32(0, ProbeDevice.DoorbellAt, i);
            Assert.Equal(Enumerable.Range(0, events.Length).Select(j => j == i ? 1UL : 0UL), events.Select(e => e.Take()));
        }
        foreach (var e in events) e.Dispose();
    }

    [Fact]
    public async Task Several_events_may_be_installed_with_one_message_and_replaced_by_another()
    {
        await using var rig = new Rig();
        using var client = rig.Boot();
        EnableMsix(client);
        EventFd[] first = [EventFd.Create(), EventFd.Create(), EventFd.Create()], second = [EventFd.Create(), EventFd.Create(), EventFd.Create()];
        client.Call(SetIrqs, Irqs(0x24, Msix, 2, 3), first);
        client.Call(SetIrqs, Irqs(0x24, Msix, 2, 3), second);
        client.Call(SetIrqs, Irqs(0x24, Msix, 3, 1));              // and the middle one removed
        for (var i = 2u; i < 5; i++) client.Write32(0, ProbeDevice.DoorbellAt, i);
        Assert.Equal([0UL, 0UL, 0UL], first.Select(e => e.Take()));
        Assert.Equal([1UL, 0UL, 1UL], second.Select(e => e.Take()));
        foreach (var e in first.Concat(second)) e.Dispose();
    }

    [Fact]
    public async Task A_message_for_a_vector_without_an_event_waits_for_it_unless_the_index_is_disabled()
    {
        await using var rig = new Rig();
        using var client = rig.Boot();
        EnableMsix(client);
        client.Write32(0, ProbeDevice.DoorbellAt, 5);
        using var events = client.Install(Msix, 5);
        Assert.Equal(1UL, events.Take());
        client.Call(SetIrqs, Irqs(0x24, Msix, 5, 1));
        client.Write32(0, ProbeDevice.DoorbellAt, 5);
        client.Call(SetIrqs, Irqs(0x21, Msix, 0, 0));
        using var later = client.Install(Msix, 5);
        Assert.Equal(0UL, later.Take());
    }

    [Fact]
    public async Task Msi_vectors_reach_their_events()
    {
        await using var rig = new Rig();
        using var client = rig.Boot();
        EnableMsi(client);
        EventFd[] events = [EventFd.Create(), EventFd.Create(), EventFd.Create(), EventFd.Create()];
        client.Call(SetIrqs, Irqs(0x24, Msi, 0, 4), events);
        for (var i = 0u; i < 4; i++) client.Write32(0, ProbeDevice.DoorbellAt, i);
        Assert.Equal([1UL, 1UL, 1UL, 1UL], events.Select(e => e.Take()));
        foreach (var e in events) e.Dispose();
    }

    [Fact]
    public async Task The_machine_may_trigger_an_interrupt_itself()
    {
        await using var rig = new Rig();
        using var client = rig.Boot();
        using EventFd one = client.Install(Msix, 0), two = client.Install(Msix, 1);
        client.Call(SetIrqs, Irqs(0x21, Msix, 0, 2));
        Assert.Equal((1UL, 1UL), (one.Take(), two.Take()));
        client.Call(SetIrqs, Irqs(0x22, Msix, 0, 2, 0, 1));
        Assert.Equal((0UL, 1UL), (one.Take(), two.Take()));
    }

    [Fact]
    public async Task A_full_event_stops_nobody()
    {
        await using var rig = new Rig();
        using var client = rig.Boot();
        EnableMsix(client);
        using var events = client.Install(Msix, 0);
        events.Add(ulong.MaxValue - 1);
        for (var i = 0; i < 10; i++) client.Write32(0, ProbeDevice.DoorbellAt, 0);
        Assert.Equal(ulong.MaxValue - 1, events.Take());
    }

    [Fact]
    public async Task Only_an_eventfd_is_taken_for_one()
    {
        await using var rig = new Rig();
        using var client = rig.Boot();
        Assert.Equal(Errno.EINVAL, client.ErrorOf(SetIrqs, Irqs(0x24, Msix, 0, 1), rig.File));
    }

    public static TheoryData<byte[], int> Refused => new()
    {
        { Irqs(0x24, 5, 0, 1), Errno.EINVAL },                     // no such index
        { Irqs(0x24, Msix, 0, 9), Errno.EINVAL },                  // beyond the last vector
        { Irqs(0x24, Msix, 8, 1), Errno.EINVAL },
        { Irqs(0x24, Msix, uint.MaxValue, uint.MaxValue), Errno.EINVAL },
        { Irqs(0x24, 3, 0, 1), Errno.EINVAL },                     // ERR has none
        { Irqs(0x22, Msix, 0, 2, 1), Errno.EINVAL },               // two vectors, one byte
        { Irqs(0x23, Msix, 0, 1), Errno.EINVAL },                  // two kinds of data
        { Irqs(0x31, Intx, 0, 1), Errno.EINVAL },                  // two actions
        { Irqs(0x01, Intx, 0, 1), Errno.EINVAL },                  // none
        { Irqs(0x11, Msix, 0, 1), Errno.EINVAL },                  // only the pin can be masked
        { Irqs(0x121, Msix, 0, 1), Errno.EINVAL },
        { Irqs(0x14, Intx, 0, 1), Errno.ENOTSUP },                 // unmask by event
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public async Task What_no_interrupt_can_do_is_refused(byte[] request, int error)
    {
        await using var rig = new Rig();
        using var client = rig.Boot();
        Assert.Equal(error, client.ErrorOf(SetIrqs, request));
    }

    [Fact]
    public async Task Removing_what_was_never_there_is_fine()
    {
        await using var rig = new Rig();
        using var client = rig.Boot();
        for (var index = 0u; index < 5; index++) client.Call(SetIrqs, Irqs(0x21, index, 0, 0));
        client.Call(SetIrqs, Irqs(0x24, Msix, 0, 8));
        client.Call(SetIrqs, Irqs(0x24, Intx, 0, 1));
    }
}
