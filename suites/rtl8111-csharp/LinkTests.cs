using Understudy.Devices;
using Understudy.Testing;

[assembly: AssemblyFixture(typeof(Lab))]

namespace Suites;

/// <summary>r8169 of stock kernels and the cable of an RTL8111.</summary>
public sealed class LinkTests(Lab lab)
{
    [DriverTest(Modules = ["r8169"], Tags = ["smoke"])]
    public async Task Pulling_the_cable_is_reported_once()
    {
        var rig = await lab.Plug(new Rtl8111(), out var nic).StartAsync();
        await rig.Guest.Run("echo 1 > /proc/sys/net/ipv6/conf/eth0/disable_ipv6");    // whose greetings interrupt too
        await rig.Guest.Run("ip link set eth0 up");
        nic.Do(n => n.CablePluggedIn = true);
        await rig.Kernel.Log.Sees("Link is Up - 1Gbps/Full");

        var mark = nic.Trace.Mark();
        nic.Do(n => n.CablePluggedIn = false);
        await rig.Kernel.Log.Sees("Link is Down", within: 5.Seconds());

        nic.Trace.Shows(mark, "irq 0", "mmio-read RTL8111.IntrStatus", "mmio-write RTL8111.IntrStatus");
        Assert.Equal(1, nic.Trace.Count("irq *", mark));
        await rig.Kernel.Log.SeesNot("Link is Down", within: 200.Milliseconds());
    }

    [DriverTest(Modules = ["r8169"])]
    public async Task A_cable_that_bounces_ends_up_where_it_is()
    {
        var rig = await lab.Plug(new Rtl8111(), out var nic).StartAsync();
        await rig.Guest.Run("ip link set eth0 up");
        for (var bounce = 0; bounce < 5; bounce++)
        {
            nic.Do(n => n.CablePluggedIn = true);
            nic.Do(n => n.CablePluggedIn = false);
        }
        nic.Do(n => n.CablePluggedIn = true);
        await rig.Kernel.Log.Sees("Link is Up");
        await rig.Guest.Run("for i in $(seq 100); do [ $(cat /sys/class/net/eth0/carrier) = 1 ] && exit; sleep 0.1; done; exit 1");
        Assert.Equal(1000, nic.Ask(n => n.LinkSpeed));
    }
}
