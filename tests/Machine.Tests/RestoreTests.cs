using System.Globalization;
using Understudy.Boards;
using Understudy.Devices;
using Understudy.Guest;

namespace Understudy.Machine.Tests;

/// <summary>Guests that continue from a saved one.</summary>
public sealed class RestoreTests
{
    [Theory]
    [InlineData("debian:6.1", 1)]
    [InlineData("debian:7.2", 1)]
    [InlineData("debian:7.2", 2)]
    public async Task A_restored_guest_runs_commands_and_its_log_goes_on_without_a_gap(string kernel, int cpus)
    {
        await using var machine = await RestoreAsync(kernel, spec => spec with { Cpus = cpus });
        var result = await machine.Guest.ExecuteAsync(["sh", "-c", "echo here > /dev/kmsg; uname -r; exit 7"]);
        Assert.Equal((7, machine.Guest.Identity.KernelRelease), (result.ExitCode, result.Stdout.Trim()));
        Assert.Equal(cpus.ToString(CultureInfo.InvariantCulture), await ShellAsync(machine, "nproc"));
        var said = await machine.Guest.KernelLog.SeesAsync("here", Bench.Patience);
        Assert.NotNull(said);
        Assert.Equal(0ul, machine.Guest.KernelLog.Lost);
        Assert.DoesNotContain(machine.Guest.KernelLog.Since(), record => record.Text.Contains("Linux version", StringComparison.Ordinal));
        Assert.Equal(MachineExitReason.PoweredOff, (await machine.ShutDownAsync(Bench.Patience)).Reason);
    }

    [Theory]
    [InlineData("debian:6.1")]
    [InlineData("debian:7.2")]
    public async Task A_card_added_to_a_restored_guest_gets_its_driver_and_works(string kernel)
    {
        await using var rig = await NicRig.BootAsync(kernel, change: Restored);
        await rig.ConnectAsync();
        await rig.PingsAsync();
        await rig.Guest.UnloadModuleAsync("r8169");
        rig.KernelIsWell();
    }

    [Fact]
    public async Task A_driver_loaded_before_the_guest_was_saved_meets_two_cards()
    {
        var lab = await Bench.LabAsync("debian:latest");
        await using var machine = lab.Board.Assemble(Restored(new BootSpec(lab.Kernel)) with { Preloaded = ["r8169"] });
        machine.Pci.Plug(new Rtl8111(), "first");
        machine.Pci.Plug(new Rtl8111(), "second");
        await machine.PowerOnAsync();
        foreach (var name in (string[])["eth0", "eth1"]) await machine.Guest.WaitForPathAsync($"/sys/class/net/{name}").WaitAsync(Bench.Patience);
        Assert.Equal("2", await ShellAsync(machine, "ls -d /sys/bus/pci/drivers/r8169/0000:* | wc -l"));
    }

    [Theory]
    [InlineData("panic")]
    [InlineData("files")]
    [InlineData("memory")]
    [InlineData("unloading")]
    public async Task A_guest_that_a_test_has_wrecked_leaves_no_trace_in_the_next(string how)
    {
        (string Found, int FreeKibibytes) before;
        await using (var pristine = await NicRig.BootAsync(change: Restored)) before = await TracesAsync(pristine);
        await using (var wrecked = await NicRig.BootAsync(change: Restored)) await WreckAsync(wrecked, how);
        await using var next = await NicRig.BootAsync(change: Restored);
        var after = await TracesAsync(next);
        Assert.Equal(before.Found, after.Found);
        // How much the kernel has set aside by now varies.
        Assert.InRange(Math.Abs(before.FreeKibibytes - after.FreeKibibytes), 0, 16 << 10);
        next.KernelIsWell();
        await next.ConnectAsync();
        await next.PingsAsync();
    }

    [Theory]
    [InlineData("echo c > /proc/sysrq-trigger", MachineExitReason.Panicked)]
    [InlineData("echo b > /proc/sysrq-trigger", MachineExitReason.Reset)]
    [InlineData("poweroff -f", MachineExitReason.PoweredOff)]
    public async Task How_a_restored_guest_ends_is_seen_as_of_any_other(string how, MachineExitReason reason)
    {
        await using var machine = await RestoreAsync();
        await Assert.ThrowsAsync<GuestLostException>(() => machine.Guest.ExecuteAsync(["sh", "-c", $"{how}; sleep 1000"]).WaitAsync(Bench.Patience));
        Assert.Equal(reason, (await machine.Exit.WaitAsync(Bench.Patience)).Reason);
    }

    [Fact]
    public async Task Two_restored_guests_at_once_share_nothing_not_even_chance()
    {
        var both = await Task.WhenAll(RestoreAsync(), RestoreAsync());
        await using var one = both[0];
        await using var other = both[1];
        var words = await Task.WhenAll(ShellAsync(one, "echo one > /tmp/mine; cat /proc/sys/kernel/random/uuid"), ShellAsync(other, "cat /proc/sys/kernel/random/uuid"));
        Assert.NotEqual(words[0], words[1]);
        Assert.Equal("", await ShellAsync(other, "ls /tmp"));
        await one.ShutDownAsync(Bench.Patience);
        Assert.Equal("alive", await ShellAsync(other, "echo alive"));
    }

    [Fact]
    public async Task The_clock_of_a_restored_guest_is_right()
    {
        await using var machine = await RestoreAsync(change: spec => spec with { QemuArguments = ["-rtc", "base=2001-01-01"] });
        var told = DateTimeOffset.FromUnixTimeSeconds(long.Parse(await ShellAsync(machine, "date +%s"), CultureInfo.InvariantCulture));
        Assert.InRange(DateTimeOffset.UtcNow - told, TimeSpan.Zero, TimeSpan.FromMinutes(1));
    }

    [Theory]
    [InlineData("cut short")]
    [InlineData("overwritten")]
    [InlineData("gone")]
    public async Task A_saved_guest_that_is_damaged_is_made_anew_and_that_is_said(string damage)
    {
        using var saved = new SavedGuest();
        await using (await RestoreAsync(change: saved.Only)) { }
        await using (await RestoreAsync(change: saved.Only)) { }
        Assert.Single(saved.Notes);   // made once, used twice

        saved.Damage(damage);
        await using var machine = await RestoreAsync(change: saved.Only);
        Assert.Equal("alive", await ShellAsync(machine, "echo alive"));
        Assert.Contains(saved.Notes, note => note.Contains("made anew", StringComparison.Ordinal));
        Assert.Equal(3, saved.Notes.Count);
    }

    [Fact]
    public async Task Killed_while_it_saves_a_guest_a_run_leaves_nothing_half_made()
    {
        using var saved = new SavedGuest();
        using var killed = saved.SaveInAnotherProcess();
        await saved.BegunAsync();
        killed.Kill();
        await killed.WaitForExitAsync();
        foreach (var qemu in Bench.QemusOf(killed.Id)) await Bench.GoneAsync(qemu);
        Assert.False(saved.IsThere);

        await using var machine = await RestoreAsync(change: saved.Only);
        Assert.Equal("alive", await ShellAsync(machine, "echo alive"));
        Assert.False(saved.IsBegun);
    }

    [Fact]
    public async Task Who_needs_a_guest_that_another_run_is_saving_waits_for_it()
    {
        using var saved = new SavedGuest();
        using var other = saved.SaveInAnotherProcess();
        await saved.BegunAsync();
        await using var machine = await RestoreAsync(change: saved.Only);
        Assert.Contains("another run is saving", Assert.Single(saved.Notes), StringComparison.Ordinal);
        await other.WaitForExitAsync();
        Assert.Equal(0, other.ExitCode);
    }

    /// <summary>What <see cref="SavedGuest.SaveInAnotherProcess"/> starts.</summary>
    [Fact(Explicit = true)]
    public async Task Saves_a_guest()
    {
        var mark = Environment.GetEnvironmentVariable(SavedGuest.MarkVariable);
        await using var machine = await RestoreAsync(change: spec => spec with { KernelArguments = [mark!] });
    }

    static BootSpec Restored(BootSpec spec) => spec with { Start = GuestStart.Restored };

    static async Task<IMachine> RestoreAsync(string kernel = "debian:latest", Func<BootSpec, BootSpec>? change = null)
    {
        var lab = await Bench.LabAsync(kernel);
        var machine = lab.Board.Assemble(Restored((change ?? (same => same))(new BootSpec(lab.Kernel))));
        await machine.PowerOnAsync(TestContext.Current.CancellationToken);
        return machine;
    }

    static async Task<string> ShellAsync(IMachine machine, string script)
        => (await machine.Guest.ExecuteAsync(["sh", "-c", script]).WaitAsync(Bench.Patience)).Stdout.Trim();

    // All that a test could leave behind.
    static async Task<(string Found, int FreeKibibytes)> TracesAsync(Rig<Rtl8111> rig) => (
        await rig.ShellAsync("find /tmp /root /run /etc /bin -type f | sort; cut -d' ' -f1 /proc/modules | sort; cat /proc/sys/kernel/tainted; ls /sys/class/net"),
        int.Parse(await rig.ShellAsync("awk '/MemAvailable/ { print $2 }' /proc/meminfo"), CultureInfo.InvariantCulture));

    static async Task WreckAsync(Rig<Rtl8111> rig, string how)
    {
        switch (how)
        {
            case "panic":
                await Assert.ThrowsAsync<GuestLostException>(() => rig.Guest.SysRqAsync('c').WaitAsync(Bench.Patience));
                Assert.Equal(MachineExitReason.Panicked, (await rig.Machine.Exit.WaitAsync(Bench.Patience)).Reason);
                break;
            case "files":
                await rig.ShellAsync("echo bad > /tmp/left; rm /bin/ls; echo 1 > /etc/passwd; echo 512 > /proc/sys/kernel/tainted");
                break;
            case "memory":
                await rig.TryAsync("head -c 150m /dev/zero > /root/fill; head -c 150m /dev/zero > /tmp/fill");
                break;
            default:
                await rig.ConnectAsync();
                await rig.ShellAsync("(ping -i 0.001 -W 1 192.0.2.1 > /tmp/ping 2>&1 &)");
                var unloading = rig.Guest.UnloadModuleAsync("r8169");
                await rig.Machine.DisposeAsync();
                await Assert.ThrowsAsync<GuestLostException>(() => unloading);
                break;
        }
    }
}
