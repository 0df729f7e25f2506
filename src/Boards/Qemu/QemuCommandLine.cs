using System.Globalization;
using System.Text.Json.Nodes;

namespace Understudy.Boards;

/// <summary>QEMU's arguments for one boot. Guest memory is always a shared memfd, because the devices map it.</summary>
static class QemuCommandLine
{
    // Each switch is a piece of hardware a driver test never looks for, and that costs boot time to find.
    const string Machine = "q35,sata=off,smbus=off,usb=off,vmport=off,smm=off,i8042=off,graphics=off,memory-backend=ram";

    /// <summary>Kernel arguments of the fast boot: what each saves is measured in the design notes on booting.</summary>
    static IEnumerable<string> Kernel(BootSpec spec, Accelerator accelerator, long? tscKilohertz)
    {
        yield return "console=ttyS0 loglevel=6 panic=-1 cryptomgr.notests net.ifnames=0";
        if (accelerator.Name != "tcg") yield break;
        yield return "no_timer_check tsc=reliable";
        if (tscKilohertz is { } frequency) yield return string.Create(CultureInfo.InvariantCulture, $"tsc_early_khz={frequency}");
        if (spec.Cpus == 1) yield return "nolapic_timer";
    }

    /// <summary>All arguments but the one that names the program.</summary>
    public static IEnumerable<string> For(BootSpec spec, QemuLaunch launch)
    {
        var memory = string.Create(CultureInfo.InvariantCulture, $"{spec.MemoryMebibytes}M");
        string[] fixedArguments =
        [
            "-nodefaults", "-no-user-config", "-display", "none", "-nic", "none",
            "-run-with", "exit-with-parent=on",
            "-accel", launch.Accelerator.Name == "tcg" ? (spec.Cpus > 1 ? "tcg,thread=multi" : "tcg,thread=single") : launch.Accelerator.Name,
            "-cpu", launch.Accelerator.Name == "tcg" ? "qemu64,+rdrand" : "host",
            "-M", Machine, "-m", memory, "-smp", spec.Cpus.ToString(CultureInfo.InvariantCulture),
            "-object", $"memory-backend-memfd,id=ram,size={memory},share=on",
            "-bios", launch.Firmware,
            "-kernel", spec.Kernel.HasPvhEntry ? spec.Kernel.Vmlinux : spec.Kernel.Vmlinuz, "-initrd", launch.Initramfs,
            "-append", string.Join(' ', Kernel(spec, launch.Accelerator, launch.TscKilohertz).Concat(spec.KernelArguments)),
            "-action", "panic=none,reboot=shutdown,shutdown=poweroff",
            "-chardev", "stdio,id=console,signal=off", "-serial", "chardev:console",
            "-chardev", $"socket,id=qmp,path={launch.Sockets["qmp"]}", "-object", "monitor-qmp,id=monitor,chardev=qmp",
            "-device", "virtio-serial-pci,id=agent",
            "-chardev", $"socket,id=ctl,path={launch.Sockets["ctl"]}", "-device", "virtserialport,chardev=ctl,name=understudy.ctl",
            "-chardev", $"socket,id=log,path={launch.Sockets["log"]}", "-device", "virtserialport,chardev=log,name=understudy.log",
            "-device", "pvpanic-pci",
        ];
        return [.. fixedArguments, .. Slots(spec, launch.Devices), .. spec.QemuArguments];
    }

    // A root port for every device and some to spare: a device can be added to a running guest only where a port waits for it.
    static IEnumerable<string> Slots(BootSpec spec, IReadOnlyList<JsonObject> devices)
    {
        for (var i = 0; i < devices.Count + spec.SpareSlots; i++)
        {
            yield return "-device";
            yield return string.Create(CultureInfo.InvariantCulture, $"pcie-root-port,id=rp{i},slot={i + 1},chassis={i + 1}");
        }
        for (var i = 0; i < devices.Count; i++)
        {
            var device = devices[i].DeepClone().AsObject();
            device["bus"] = string.Create(CultureInfo.InvariantCulture, $"rp{i}");
            yield return "-device";
            yield return device.ToJsonString();
        }
    }
}
