using Understudy.Devices;
using Understudy.Testing;

namespace Suites;

/// <summary>r8169 of stock kernels on an RTL8111 that breaks.</summary>
public sealed class FaultTests(Lab lab)
{
    const string Peer = "192.0.2.1";

    [DriverTest(Modules = ["r8169"])]
    [AllowLog("NETDEV WATCHDOG", "a lost transmit interrupt stalls the queue until the watchdog looks")]
    public async Task After_lost_interrupts_the_driver_works_again_once_reopened()
    {
        var (rig, nic) = await ConnectedAsync();
        nic.Fault("irq 0 every=5 -> drop");
        await rig.Guest.Try($"ping -c 20 -i 0.02 -W 1 {Peer}");
        nic.ClearFaults();

        nic.Trace.Shows(0, "irq 0");
        await rig.Guest.Run("ip link set eth0 down && ip link set eth0 up");
        await rig.Kernel.Log.Sees("Link is Up");
        await rig.Guest.Run($"ping -c 5 -i 0.02 -W 5 {Peer}");
    }

    [DriverTest(Modules = ["r8169"])]
    [AllowLog("NETDEV WATCHDOG", "a card that is not there sends nothing")]
    public async Task A_card_that_is_gone_does_not_take_the_kernel_with_it()
    {
        var (rig, nic) = await ConnectedAsync();
        nic.Fault("mmio-read * -> remove");
        var pings = await rig.Guest.Try($"ping -c 2 -i 0.1 -W 1 {Peer}");
        Assert.Contains(" 0 packets received", pings.Stdout, StringComparison.Ordinal);

        await rig.Guest.Run("echo 1 > /sys/class/net/eth0/device/remove");
        await rig.Kernel.UnloadModule("r8169");
        Assert.NotEqual(0, nic.Trace.Count("mmio-read *"));
    }

    [DriverTest(Modules = ["r8169"])]
    public async Task A_link_change_that_never_goes_away_does_not_stop_the_traffic()
    {
        var (rig, nic) = await ConnectedAsync();
        nic.Fault("mmio-read RTL8111.IntrStatus.LinkChange nth=2 -> stuck 1");
        await rig.Guest.Run($"ping -c 20 -i 0.02 -W 5 {Peer}");
        Assert.True(nic.Faults[^1].Struck > 1);
    }

    [DriverTest(Modules = ["r8169"])]
    public async Task A_frame_that_fails_in_the_card_is_lost_alone()
    {
        var (rig, nic) = await ConnectedAsync();
        nic.Fault("mmio-write RTL8111.TxPoll nth=3", n => n.FailNextTransmit());
        var pings = await rig.Guest.Try($"ping -c 20 -i 0.02 -W 2 {Peer}");
        Assert.Matches(" (19|20) packets received", pings.Stdout);     // the frame may have been somebody else's
        Assert.Equal(1, nic.Faults[^1].Struck);
    }

    async Task<(Rig Rig, Card<Rtl8111> Nic)> ConnectedAsync()
    {
        var rig = await lab.Plug(new Rtl8111(), out var nic).StartAsync();
        nic.Do(n => n.CablePluggedIn = true);
        await rig.Guest.Run("ip addr add 192.0.2.2/24 dev eth0 && ip link set eth0 up");
        await rig.Kernel.Log.Sees("Link is Up");
        await rig.Guest.Run($"ping -c 3 -i 0.02 -W 5 {Peer}");
        return (rig, nic);
    }
}
