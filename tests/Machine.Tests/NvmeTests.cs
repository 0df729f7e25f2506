using Understudy.Devices;

namespace Understudy.Machine.Tests;

/// <summary>What a suite's shell cannot see of an NVMe controller and its driver.</summary>
public sealed class NvmeTests
{
    static async Task<Rig<Nvme>> BootAsync(params string[] kernelArguments)
    {
        var rig = await Rig<Nvme>.AssembleAsync(new Nvme(), "debian:6.12", spec => spec with { Modules = ["nvme"], KernelArguments = kernelArguments });
        await rig.Machine.PowerOnAsync(TestContext.Current.CancellationToken);
        await rig.Guest.LoadModuleAsync("nvme");
        await rig.Guest.WaitForPathAsync("/dev/nvme0n1").WaitAsync(Bench.Patience);
        return rig;
    }

    [Fact]
    public async Task Switching_off_shuts_the_controller_down_after_the_pin_carried_its_interrupts()
    {
        await using var rig = await BootAsync("pci=nomsi");
        await rig.ShellAsync("dd if=/dev/urandom of=/run/data bs=64k count=4; dd if=/run/data of=/dev/nvme0n1 bs=64k oflag=direct");
        var sha = (await rig.ShellAsync("sha256sum /run/data")).Split(' ')[0];
        Assert.Equal(sha, rig.Slot.Ask(nvme => nvme.Namespaces[0].Sha256(0, 512)));
        Assert.Matches("IO-APIC.*nvme0q0", await rig.ShellAsync("grep nvme0q0 /proc/interrupts"));
        rig.KernelIsWell();
        Assert.Equal(NvmeShutdown.None, rig.Slot.Ask(nvme => nvme.LastShutdown));
        await rig.Guest.PowerOffAsync(TestContext.Current.CancellationToken);
        await rig.Machine.Exit.WaitAsync(Bench.Patience);
        Assert.Equal(NvmeShutdown.Normal, rig.Slot.Ask(nvme => nvme.LastShutdown));
        Assert.Empty(rig.Slot.Findings);
    }
}
