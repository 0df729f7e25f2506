using System.Text.Json.Nodes;
using Understudy.Toolchain;

namespace Understudy.Boards.Tests;

[Collection(nameof(SocketDirectory))]
public sealed class QemuCommandLineTests
{
    static readonly Kernel s_kernel = new("debian:6.12", "6.12.1-amd64", "6.12.1-1", "/k/vmlinuz", "/k/vmlinux", true, new string('0', 64), "/k/modules");

    [Fact]
    public void The_whole_command_line_is_this()
    {
        using var sockets = new SocketDirectory();
        Assert.Equal(
            [
                "-nodefaults", "-no-user-config", "-display", "none", "-nic", "none",
                "-run-with", "exit-with-parent=on",
                "-accel", "tcg,thread=single", "-cpu", "qemu64,+rdrand",
                "-M", "q35,sata=off,smbus=off,usb=off,vmport=off,smm=off,i8042=off,graphics=off,memory-backend=ram", "-m", "256M", "-smp", "1",
                "-object", "memory-backend-memfd,id=ram,size=256M,share=on",
                "-bios", "/q/qboot.rom",
                "-action", "panic=none,reboot=shutdown,watchdog=inject-nmi,shutdown=poweroff",
                "-chardev", "stdio,id=console,signal=off", "-serial", "chardev:console",
                "-chardev", "socket,id=qmp,path=SOCKETS/qmp", "-object", "monitor-qmp,id=monitor,chardev=qmp",
                "-device", "virtio-serial-pci,id=agent",
                "-chardev", "socket,id=ctl,path=SOCKETS/ctl", "-device", "virtserialport,chardev=ctl,name=understudy.ctl",
                "-chardev", "socket,id=log,path=SOCKETS/log", "-device", "virtserialport,chardev=log,name=understudy.log",
                "-device", "pvpanic-pci",
                "-kernel", "/k/vmlinux", "-initrd", "SOCKETS/initramfs",
                "-append", "console=ttyS0 loglevel=6 panic=-1 unknown_nmi_panic sysrq_always_enabled cryptomgr.notests net.ifnames=0 pci=hpmmiosize=32M no_timer_check tsc=reliable tsc_early_khz=2000000 nolapic_timer debug",
                "-device", "pcie-root-port,id=rp0,slot=1,chassis=1,addr=0x3", "-device", "pcie-root-port,id=rp1,slot=2,chassis=2,addr=0x4",
                "-device", """{"driver":"vfio-user-pci","id":"nic","bus":"rp0"}""",
                "-d", "int",
            ],
            For(new BootSpec(s_kernel) { KernelArguments = ["debug"], QemuArguments = ["-d", "int"] }, "tcg", 2_000_000, sockets));
    }

    [Fact]
    public void Under_KVM_the_kernel_finds_out_its_clocks_by_itself()
    {
        using var sockets = new SocketDirectory();
        var arguments = For(new BootSpec(s_kernel) { Cpus = 4 }, "kvm", 2_000_000, sockets);
        Assert.Equal("host", After("-cpu", arguments));
        Assert.Equal("4", After("-smp", arguments));
        Assert.Equal("console=ttyS0 loglevel=6 panic=-1 unknown_nmi_panic sysrq_always_enabled cryptomgr.notests net.ifnames=0 pci=hpmmiosize=32M", After("-append", arguments));
    }

    [Fact]
    public void Several_CPUs_run_in_threads_of_their_own_and_keep_their_timers()
    {
        using var sockets = new SocketDirectory();
        var arguments = For(new BootSpec(s_kernel) { Cpus = 2, MemoryMebibytes = 1024 }, "tcg", null, sockets);
        Assert.Equal("tcg,thread=multi", After("-accel", arguments));
        Assert.Contains("memory-backend-memfd,id=ram,size=1024M,share=on", arguments);
        Assert.Equal("console=ttyS0 loglevel=6 panic=-1 unknown_nmi_panic sysrq_always_enabled cryptomgr.notests net.ifnames=0 pci=hpmmiosize=32M no_timer_check tsc=reliable", After("-append", arguments));
    }

    [Fact]
    public void A_kernel_without_the_PVH_entry_boots_from_its_own_image()
    {
        using var sockets = new SocketDirectory();
        Assert.Equal("/k/vmlinuz", After("-kernel", For(new BootSpec(s_kernel with { HasPvhEntry = false }), "tcg", null, sockets)));
    }

    [Fact]
    public void A_saved_guest_needs_no_kernel_and_otherwise_the_very_same_machine()
    {
        using var sockets = new SocketDirectory();
        var boot = For(new BootSpec(s_kernel), "tcg", null, sockets);
        var restored = For(new BootSpec(s_kernel), "tcg", null, sockets, saved: "/saved");
        Assert.Equal(["-global", "migration.mapped-ram=on", "-incoming", "file:/saved"], restored.Except(boot));
        Assert.Equal(["-kernel", "-initrd", "-append"], boot.Except(restored).Where(argument => argument.StartsWith('-')));
    }

    static string After(string option, IReadOnlyList<string> arguments) => arguments.SkipWhile(argument => argument != option).ElementAt(1);

    static IReadOnlyList<string> For(BootSpec spec, string accelerator, long? tsc, SocketDirectory sockets, string? saved = null)
    {
        var launch = new QemuLaunch(new Accelerator(accelerator, "a test"), "/q/qboot.rom", sockets.Path, Slots: 2)
        {
            Initramfs = sockets["initramfs"], Saved = saved, TscKilohertz = tsc, Devices = [new JsonObject { ["driver"] = "vfio-user-pci", ["id"] = "nic" }],
        };
        return [.. QemuCommandLine.For(spec, launch).Select(argument => argument.Replace(sockets.Path, "SOCKETS", StringComparison.Ordinal))];
    }
}
