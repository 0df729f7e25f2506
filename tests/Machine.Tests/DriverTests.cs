using Understudy.Devices;
using Understudy.Pci;

namespace Understudy.Machine.Tests;

/// <summary>What people do to network cards, done to the unmodified driver.</summary>
public sealed class DriverTests
{
    [Fact]
    public async Task The_card_works_by_its_INTx_pin_where_there_are_no_messages()
    {
        await using var rig = await NicRig.BootAsync(change: spec => spec with { KernelArguments = ["pci=nomsi"] });
        await rig.ConnectAsync();
        await rig.PingsAsync(20);
        Assert.Matches("IO-APIC.*eth0", await rig.ShellAsync("grep eth0 /proc/interrupts"));
        rig.KernelIsWell();
    }

    [Fact]
    public async Task Jumbo_frames_go_through_where_the_chip_has_them_and_statistics_add_up()
    {
        await using var rig = await NicRig.BootAsync(chip: Rtl8111Chip.Rtl8168Dp);
        await rig.ShellAsync("ip link set eth0 mtu 9000");
        await rig.ConnectAsync();
        await rig.PingsAsync(5, "-s 8000");
        var (received, sent) = (await StatisticAsync(rig, "rx_packets"), await StatisticAsync(rig, "tx_packets"));
        Assert.InRange(sent, 5, long.MaxValue);
        Assert.InRange(received, 5, sent);
        Assert.InRange(await StatisticAsync(rig, "rx_bytes"), 5 * 8000, long.MaxValue);
        Assert.Equal((0, 0), (await StatisticAsync(rig, "rx_errors"), await StatisticAsync(rig, "tx_errors")));
        rig.KernelIsWell();
    }

    [Fact]
    public async Task The_interface_goes_down_and_up_and_the_module_out_and_in_many_times()
    {
        await using var rig = await NicRig.BootAsync();
        await rig.ConnectAsync();
        await rig.ShellAsync("for i in $(seq 20); do ip link set eth0 down && ip link set eth0 up || exit 1; done");
        await rig.ReconnectAsync();
        for (var i = 0; i < 10; i++)
        {
            await rig.Guest.UnloadModuleAsync("r8169");
            Assert.False((await rig.TryAsync("test -e /sys/class/net/eth0")).Succeeded);
            await rig.Guest.LoadModuleAsync("r8169");
            await rig.Guest.WaitForPathAsync("/sys/class/net/eth0").WaitAsync(Bench.Patience);
        }
        await rig.ConnectAsync();
        await rig.PingsAsync();
        rig.KernelIsWell();
    }

    [Fact]
    public async Task The_module_can_be_taken_out_under_traffic()
    {
        await using var rig = await NicRig.BootAsync();
        await rig.ConnectAsync();
        var answered = new TaskCompletionSource();
        var traffic = await rig.Guest.StartAsync(["ping", "-i", "0.001", "192.0.2.1"], onOutput: (_, text) => { if (text.IndexOf("seq=20"u8) >= 0) answered.TrySetResult(); });
        await answered.Task.WaitAsync(Bench.Patience);
        await rig.Guest.UnloadModuleAsync("r8169");
        await rig.TryAsync("killall ping");
        await traffic.Completion.WaitAsync(Bench.Patience);
        await rig.Guest.LoadModuleAsync("r8169");
        await rig.Guest.WaitForPathAsync("/sys/class/net/eth0").WaitAsync(Bench.Patience);
        await rig.ConnectAsync();
        await rig.PingsAsync();
        rig.KernelIsWell();
        Assert.DoesNotContain(rig.Slot.Findings, finding => finding.Check is "model-crashed" or "dma-unmapped");
    }

    [Fact]
    public async Task A_reset_behind_the_drivers_back_is_repaired_by_down_and_up()
    {
        await using var rig = await NicRig.BootAsync();
        await rig.ConnectAsync();
        await rig.PingsAsync();
        await rig.ShellAsync("ip link set eth0 down && echo 1 > /sys/class/net/eth0/device/reset");
        rig.Slot.Do(nic => nic.CablePluggedIn = true);
        await rig.ReconnectAsync();
        rig.KernelIsWell();
    }

    [Theory]
    [InlineData("mmio-read * nth=1 -> remove")]
    [InlineData("irq 0 nth=1 -> remove")]
    public async Task A_card_pulled_out_by_surprise_takes_nobody_with_it(string rule)
    {
        await using var rig = await NicRig.BootAsync();
        await rig.ConnectAsync();
        rig.Faults.Add(FaultRule.Parse(rule));
        await rig.TryAsync("ping -c 3 -i 0.1 -W 1 192.0.2.1");
        await rig.TryAsync("ip link set eth0 down; cat /sys/class/net/eth0/statistics/rx_packets");
        await rig.ShellAsync($"echo 1 > $(readlink -f {NicRig.Device})/remove");
        Assert.Equal("alive", await rig.ShellAsync("test ! -e /sys/class/net/eth0 && echo alive"));
        rig.KernelIsWell();
    }

    static async Task<long> StatisticAsync(Rig<Rtl8111> rig, string name) => long.Parse(await rig.ShellAsync($"cat /sys/class/net/eth0/statistics/{name}"));
}
