using System.Globalization;
using Understudy.Boards;
using Understudy.Devices;

namespace Understudy.Machine.Tests;

public sealed class HostileGuestTests
{
    /// <summary>How long the guest does its worst; the soak gives it a minute.</summary>
    static int Seconds => int.Parse(Environment.GetEnvironmentVariable("UNDERSTUDY_HOSTILE_SECONDS") ?? "10", CultureInfo.InvariantCulture);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_guest_that_writes_all_over_a_card_hurts_neither_us_nor_the_machine(int seed)
    {
        await using var rig = await Rig<Rtl8111>.AssembleAsync(new Rtl8111());
        await rig.Machine.PowerOnAsync(TestContext.Current.CancellationToken);
        await rig.Guest.PushAsync("/tmp/hostile", await Bench.ProgramAsync("hostile"), (UnixFileMode)0b111_101_101);
        var device = await rig.ShellAsync("dirname $(grep -l 0x8168 /sys/bus/pci/devices/*/device)");
        await rig.ShellAsync($"echo 1 > {device}/enable");

        // The card masters the bus and may send any message: what becomes of the guest itself is its own doing.
        var attack = rig.Guest.ExecuteAsync(["/tmp/hostile", device, Seconds.ToString(CultureInfo.InvariantCulture), seed.ToString(CultureInfo.InvariantCulture)]);
        await Task.WhenAny(attack, rig.Machine.Exit, Task.Delay(TimeSpan.FromSeconds(Seconds) + Bench.Patience));

        Assert.DoesNotContain("stuck", await rig.Machine.InspectAsync(), StringComparison.Ordinal);
        if (rig.Machine.Exit.IsCompleted) Assert.NotEqual(MachineExitReason.Died, (await rig.Machine.Exit).Reason);
        Assert.DoesNotContain(rig.Machine.Pci.Findings, finding => finding.Check is "vfio-user-crashed" or "vfio-user-protocol");
        Assert.DoesNotContain(rig.Slot.Findings, finding => finding.Check == "model-crashed");
        Assert.All(rig.Slot.Findings.GroupBy(finding => finding.Check), same => Assert.InRange(same.Count(), 1, 100));

        rig.Slot.Reset();
        var identity = new byte[4];
        rig.Slot.ReadConfig(0, identity);
        Assert.Equal([0xEC, 0x10, 0x68, 0x81], identity);
        var exit = attack.IsCompletedSuccessfully ? (await attack).Stdout : $"the guest did not survive: {(await rig.Machine.ShutDownAsync(Bench.Patience)).Reason}";
        TestContext.Current.TestOutputHelper!.WriteLine($"{exit}; {rig.Slot.Findings.Count} findings");

        await rig.DisposeAsync();
        await rig.Machine.Pci.Completion;
    }
}
