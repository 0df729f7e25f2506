using Understudy.Boards;
using Understudy.Build;
using Understudy.Runner;

namespace Understudy.Machine.Tests;

/// <summary>What the patch of the profile <c>uml</c> mends (docs/uml.md), letter by letter. On a kernel without the patch, which
/// <c>tests/soak defects</c> builds and names in <c>UNDERSTUDY_UML_KERNEL</c>, each of these fails.</summary>
public sealed class UmlTransportTests
{
    static readonly string? s_kernel = Environment.GetEnvironmentVariable("UNDERSTUDY_UML_KERNEL");
    static readonly Lazy<Task<Lab>> s_lab = new(() => s_kernel is null ? UmlTests.LabAsync() : Lab.OpenAsync(Bench.Toolbox, new LabRequest(s_kernel, Board: "uml")));

    [Fact]
    public Task A_an_interrupt_handler_may_read_while_a_read_is_under_way() => IsWholeAsync("A");

    [Fact]
    public Task B_a_long_copy_to_the_card_arrives() => IsWholeAsync("B");

    [Fact]
    public Task C_a_fill_goes_to_the_card_and_not_to_its_configuration() => IsWholeAsync("C");

    [Fact]
    public Task D_the_pin_interrupts() => IsWholeAsync("D");

    [Fact]
    public Task E_an_access_after_a_write_takes_what_an_access_takes() => IsWholeAsync("E", "time-travel=inf-cpu");

    [Fact]
    public Task F_a_long_copy_from_the_card_arrives_wherever_it_is_wanted() => IsWholeAsync("F");

    [Fact]
    public Task G_the_far_end_of_a_large_BAR_is_reached() => IsWholeAsync("G");

    [Fact]
    public Task J_a_fault_in_the_kernel_lets_no_interrupt_in() => IsWholeAsync("J");

    static async Task IsWholeAsync(string defect, string arguments = "")
    {
        await using var machine = await PowerOnAsync(arguments);
        await LoadAsync(machine, $"check={defect}");
        Assert.DoesNotContain(machine.Guest.KernelLog.Since(), record => record.Text.Contains("virtio_pcidev", StringComparison.Ordinal) && !record.Text.Contains("Kernel command line", StringComparison.Ordinal));
        Assert.Equal(MachineExitReason.PoweredOff, (await machine.ShutDownAsync(Bench.Patience)).Reason);
    }

    [Fact]
    public async Task H_a_driver_that_was_shut_down_is_not_removed()
    {
        await using var machine = await PowerOnAsync("");
        await LoadAsync(machine, "check=H");
        Assert.Equal(MachineExitReason.PoweredOff, (await machine.ShutDownAsync(Bench.Patience)).Reason);
        Assert.Contains("umprobe: shut down", machine.Console.Tail, StringComparison.Ordinal);
        Assert.DoesNotContain("removed after it was shut down", machine.Console.Tail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task I_a_line_that_was_full_is_listened_to_again()
    {
        await using var machine = await PowerOnAsync("");
        var data = new byte[2_000_000];
        new Random(1).NextBytes(data);
        await machine.Guest.PushAsync("/tmp/data", data, UnixFileMode.UserRead | UnixFileMode.UserWrite).WaitAsync(Bench.Patience);
        Assert.Equal(data, await machine.Guest.PullAsync("/tmp/data").WaitAsync(Bench.Patience));
    }

    static async Task<IMachine> PowerOnAsync(string arguments)
    {
        var lab = await s_lab.Value;
        var machine = lab.Board.Assemble(new BootSpec(lab.Kernel) { KernelArguments = arguments.Length > 0 ? [arguments] : [] });
        machine.Pci.Plug(new TransportCard(), "card");
        await machine.PowerOnAsync(TestContext.Current.CancellationToken);
        return machine;
    }

    static async Task LoadAsync(IMachine machine, string parameters)
    {
        var lab = await s_lab.Value;
        var module = Assert.Single((await new ModuleBuilder(Bench.Toolbox).BuildAsync(Path.Combine(SuiteTests.Repository(), "tests/drivers/umprobe"), lab.Kernel)).Modules);
        var mark = machine.Guest.KernelLog.Mark();
        // Not over the agent's line, which is what I is about.
        await machine.Guest.ExecuteAsync(["sh", "-c", $"mkdir -p /mnt && mount -t hostfs none /mnt -o {Path.GetDirectoryName(module.LeanPath)} && insmod /mnt/{Path.GetFileName(module.LeanPath)} {parameters}"]).WaitAsync(Bench.Patience);
        var said = await machine.Guest.KernelLog.SeesAsync("umprobe: check", Bench.Patience, mark);
        Assert.True(said?.Text.Contains(": right", StringComparison.Ordinal), string.Join('\n', machine.Guest.KernelLog.Since().Select(record => record.Text).Where(text => text.StartsWith("umprobe", StringComparison.Ordinal))));
    }
}
