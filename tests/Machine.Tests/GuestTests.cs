using System.Text;
using Understudy.Boards;
using Understudy.Guest;

namespace Understudy.Machine.Tests;

public sealed class GuestTests
{
    [Fact]
    public async Task The_agent_does_what_it_is_asked_on_a_real_kernel()
    {
        await using var rig = await NicRig.BootAsync();
        var result = await rig.TryAsync("echo out; echo err >&2; exit 7");
        Assert.Equal((7, "out\n", "err\n"), (result.ExitCode, result.Stdout, result.Stderr));
        Assert.Equal(9, (await rig.TryAsync("kill -9 $$")).Signal);

        var content = new byte[3_000_000];
        new Random(1).NextBytes(content);
        await rig.Guest.PushAsync("/tmp/deep/file", content);
        Assert.Equal(content, await rig.Guest.PullAsync("/tmp/deep/file"));
        Assert.StartsWith("Linux version", Encoding.UTF8.GetString(await rig.Guest.PullAsync("/proc/version")), StringComparison.Ordinal);

        var missing = await Assert.ThrowsAsync<GuestException>(() => rig.Guest.LoadModuleAsync("no_such_module"));
        Assert.Equal(2, missing.Errno);
        Assert.Contains("no_such_module", missing.Message, StringComparison.Ordinal);

        Assert.Equal(MachineExitReason.PoweredOff, (await rig.Machine.ShutDownAsync(Bench.Patience)).Reason);
    }

    [Fact]
    public async Task The_kernel_log_arrives_without_a_gap()
    {
        await using var rig = await NicRig.BootAsync();
        await rig.ShellAsync("i=0; while [ $i -lt 2000 ]; do echo \"line $i\" > /dev/kmsg; i=$((i+1)); done; echo the end > /dev/kmsg");
        await rig.SeesAsync("the end");
        var records = rig.Guest.KernelLog.Since();
        Assert.Equal(0ul, rig.Guest.KernelLog.Lost);
        Assert.Equal(0ul, records[0].Sequence);
        Assert.Equal((ulong)records.Count - 1, records[^1].Sequence);
        Assert.Equal(2000, records.Count(record => record.Text.StartsWith("line ", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_command_has_ended_when_all_the_kernel_said_until_then_has_come()
    {
        await using var rig = await NicRig.BootAsync();
        for (var i = 0; i < 5; i++)
        {
            // All tasks and their stacks are hundreds of records, and they are there at once.
            await rig.ShellAsync($"echo 9 > /proc/sysrq-trigger; echo t > /proc/sysrq-trigger; echo 'all told {i}' > /dev/kmsg");
            Assert.Contains(rig.Guest.KernelLog.Since(), record => record.Text == $"all told {i}");
        }
        Assert.True(rig.Guest.KernelLog.Since().Count > 5 * 200);
    }

    [Fact]
    public async Task Somebody_in_the_guest_can_act_on_the_model()
    {
        await using var rig = await NicRig.BootAsync();
        await rig.ConnectAsync();
        var mark = rig.Guest.KernelLog.Mark();
        Assert.Contains("cable out", await rig.ShellAsync("device nic cable off"), StringComparison.Ordinal);
        Assert.False(rig.Slot.Ask(nic => nic.CablePluggedIn));
        await rig.SeesAsync("Link is Down", mark);

        var wrong = await rig.TryAsync("device nic cable sideways");
        Assert.Equal(2, wrong.ExitCode);
        Assert.Contains("cable on|off", wrong.Stdout + wrong.Stderr, StringComparison.Ordinal);
        Assert.Equal(2, (await rig.TryAsync("device radio on")).ExitCode);
    }
}
