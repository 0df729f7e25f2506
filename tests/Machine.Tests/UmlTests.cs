using Understudy.Boards;
using Understudy.Devices;
using Understudy.Runner;
using Understudy.Runner.Suites;
using Understudy.Toolchain;
using Understudy.Verdict;

namespace Understudy.Machine.Tests;

/// <summary>The board whose guests are programs. Who needs its kernel first builds it, once for this host.</summary>
public sealed class UmlTests
{
    static readonly Lazy<Task<Lab>> s_lab = new(() => Lab.OpenAsync(Bench.Toolbox, new LabRequest(Board: "uml")));

    [Fact]
    public async Task R8169_finds_its_card_sees_the_cable_and_leaves_nothing_behind()
    {
        var lab = await LabAsync();
        int process;
        await using (var machine = lab.Board.Assemble(new BootSpec(lab.Kernel) { Modules = ["r8169"] }))
        {
            var slot = machine.Pci.Plug(new Rtl8111(), "nic");
            await machine.PowerOnAsync(TestContext.Current.CancellationToken);
            process = Assert.Single(Bench.QemusOf(Environment.ProcessId));
            await machine.Guest.LoadModuleAsync("r8169");
            await ShellAsync(machine, "ip link set eth0 up");
            for (var i = 0; i < 10; i++)
            {
                var mark = machine.Guest.KernelLog.Mark();
                slot.Do(nic => nic.CablePluggedIn = true);
                Assert.NotNull(await machine.Guest.KernelLog.SeesAsync("Link is Up - 1Gbps/Full", Bench.Patience, mark));
                mark = machine.Guest.KernelLog.Mark();
                slot.Do(nic => nic.CablePluggedIn = false);
                Assert.NotNull(await machine.Guest.KernelLog.SeesAsync("Link is Down", Bench.Patience, mark));
            }
            Assert.DoesNotContain(machine.Guest.KernelLog.Since(), record => record.Text.Contains("virtio_pcidev", StringComparison.Ordinal) && !record.Text.Contains("Kernel command line", StringComparison.Ordinal));
            Assert.Empty(machine.Pci.Findings);
            Assert.Equal(MachineExitReason.PoweredOff, (await machine.ShutDownAsync(Bench.Patience)).Reason);
        }
        await Bench.GoneAsync(process);
    }

    [Fact]
    public async Task A_panic_is_a_panic()
    {
        var lab = await LabAsync();
        await using var machine = lab.Board.Assemble(new BootSpec(lab.Kernel));
        await machine.PowerOnAsync(TestContext.Current.CancellationToken);
        await machine.Guest.StartAsync(["sh", "-c", "echo c > /proc/sysrq-trigger"]);
        Assert.Equal(MachineExitReason.Panicked, (await machine.Exit.WaitAsync(Bench.Patience)).Reason);
    }

    [Fact]
    public async Task A_guest_that_hangs_is_killed_with_all_that_it_started()
    {
        var lab = await LabAsync();
        int process;
        await using (var machine = lab.Board.Assemble(new BootSpec(lab.Kernel)))
        {
            await machine.PowerOnAsync(TestContext.Current.CancellationToken);
            process = Assert.Single(Bench.QemusOf(Environment.ProcessId));
            await machine.Guest.StartAsync(["sh", "-c", "while :; do :; done"]);
        }
        await Bench.GoneAsync(process);
        Assert.Empty(Bench.QemusOf(Environment.ProcessId));
    }

    [Fact]
    public async Task Files_go_in_and_come_out_as_they_were()
    {
        var lab = await LabAsync();
        await using var machine = lab.Board.Assemble(new BootSpec(lab.Kernel));
        await machine.PowerOnAsync(TestContext.Current.CancellationToken);
        var data = new byte[300_000];
        new Random(1).NextBytes(data);
        await machine.Guest.PushAsync("/tmp/data", data, UnixFileMode.UserRead | UnixFileMode.UserWrite).WaitAsync(Bench.Patience);
        var sum = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(data));
        Assert.StartsWith(sum, await ShellAsync(machine, "sha256sum /tmp/data"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_suite_of_the_rtl8111_passes_on_it()
    {
        await LabAsync();
        using var scratch = new ScratchDirectory();
        var request = new SuiteRequest(SuiteReader.Read(Path.Combine(SuiteTests.Repository(), "suites", "rtl8111")), Path.Combine(scratch.Path, "out"), "a test") { Jobs = 2, Board = "uml" };
        var summary = await SuiteRun.PlayAsync(Bench.Toolbox, request, new SilentSuite(), TestContext.Current.CancellationToken);
        var bad = summary.Results.Where(result => !result.Outcome.IsGood()).Select(result => $"{result.Cell.Name}: {result.Verdict.Reason}").ToList();
        Assert.True(bad.Count == 0, string.Join('\n', bad));
        Assert.Contains(summary.Results, result => result.Outcome == Outcome.Pass);
    }

    [Fact]
    public async Task A_kernel_for_another_board_is_refused_with_what_would_be_right()
    {
        var stock = (await Bench.LabAsync("debian:6.12")).Kernel;
        var refused = await Assert.ThrowsAsync<ToolchainException>(() => UmlBoard.OpenAsync(Bench.Toolbox, stock));
        Assert.Contains("ARCH=um", refused.Message, StringComparison.Ordinal);
    }

    static async Task<string> ShellAsync(IMachine machine, string script)
    {
        var result = await machine.Guest.ExecuteAsync(["sh", "-c", script], cancellation: TestContext.Current.CancellationToken).WaitAsync(Bench.Patience);
        return result.Succeeded ? result.Stdout.Trim() : throw new InvalidOperationException($"'{script}' ended in {result.ExitCode}: {result.Stdout}{result.Stderr}");
    }

    internal static async Task<Lab> LabAsync()
    {
        try
        {
            return await s_lab.Value;
        }
        catch (ToolchainException offline) when (offline.Problem is ToolchainProblem.Offline or ToolchainProblem.NoMirror)
        {
            Assert.Skip($"what the kernel for User Mode Linux is built from is not here and cannot be fetched: {offline.Message}");
            throw;
        }
    }
}
