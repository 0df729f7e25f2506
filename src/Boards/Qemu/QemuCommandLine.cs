using System.Globalization;
using System.Text.Json.Nodes;

namespace Understudy.Boards;

/// <summary>QEMU's arguments for one boot. Guest memory is always a shared memfd, because the devices map it.</summary>
static class QemuCommandLine
{
    // Each switch is a piece of hardware a driver test never looks for, and that costs boot time to find.
    const string Machine = "q35,sata=off,smbus=off,usb=off,vmport=off,smm=off,i8042=off,graphics=off,memory-backend=ram";

    // After the agent's channel and the panic device.
    const int FirstPort = 3;

    // After the last port.
    const string IommuAddress = "0x1e";

    /// <summary>The most slots a machine can have: what is left of bus 0.</summary>
    public const int MostSlots = 27;

    /// <summary>Kernel arguments of the fast boot: what each saves is measured in the design notes on booting.</summary>
    static IEnumerable<string> Kernel(BootSpec spec, Accelerator accelerator, long? tscKilohertz)
    {
        // A port keeps 2 MiB for what is plugged in later unless told: less than the BAR of many a card.
        yield return "console=ttyS0 loglevel=6 panic=-1 unknown_nmi_panic sysrq_always_enabled cryptomgr.notests net.ifnames=0 pci=hpmmiosize=32M";
        if (spec.Iommu == GuestIommu.Intel) yield return "intel_iommu=on";
        if (spec.Iommu == GuestIommu.Amd) yield return "amd_iommu=on";
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
            .. Iommu(spec.Iommu),
            // A guest whose memory is wanted stays when it has ended.
            "-action", $"panic=none,reboot=shutdown,watchdog=inject-nmi,shutdown={(spec.MemoryDump is null ? "poweroff" : "pause")}",
            "-chardev", "stdio,id=console,signal=off", "-serial", "chardev:console",
            "-chardev", $"socket,id=qmp,path={launch.Sockets}/qmp", "-object", "monitor-qmp,id=monitor,chardev=qmp",
            "-device", "virtio-serial-pci,id=agent",
            "-chardev", $"socket,id=ctl,path={launch.Sockets}/ctl", "-device", "virtserialport,chardev=ctl,name=understudy.ctl",
            "-chardev", $"socket,id=log,path={launch.Sockets}/log", "-device", "virtserialport,chardev=log,name=understudy.log",
            "-device", "pvpanic-pci",
        ];
        return [.. fixedArguments, .. Software(spec, launch), .. Slots(launch), .. Storage(spec), .. spec.QemuArguments];
    }

    // After the ports, whose places are fixed. The guest's owners, modes and links are kept in files beside its own: none is real here. A
    // disk's writes go to a file without a name.
    static string[] Storage(BootSpec spec) =>
    [
        .. spec.SharedFolder is { } folder ? ["-fsdev", $"local,id=shared,path={Escaped(folder)},security_model=mapped-file,fmode=0644,dmode=0755,multidevs=remap", "-device", $"virtio-9p-pci,fsdev=shared,mount_tag={BootSpec.SharedTag}"] : Array.Empty<string>(),
        .. spec.Disk is { } disk ? ["-drive", $"file={Escaped(disk.Path)},format={disk.Format},if=none,id=disk,snapshot=on", "-device", "virtio-blk-pci,drive=disk"] : Array.Empty<string>(),
    ];

    static string Escaped(string path) => path.Replace(",", ",,", StringComparison.Ordinal);

    // Before all devices: those that are made earlier do not go through it. Without caching mode QEMU ends when the guest turns VT-d on.
    static string[] Iommu(GuestIommu iommu) => iommu switch
    {
        GuestIommu.Intel => ["-device", "intel-iommu,intremap=on,caching-mode=on"],
        GuestIommu.Amd => ["-device", $"AMDVI-PCI,id=iommu,addr={IommuAddress}", "-device", "amd-iommu,pci-id=iommu,intremap=on,dma-remap=on"],
        GuestIommu.Virtio => ["-device", $"virtio-iommu-pci,addr={IommuAddress}"],
        _ => [],
    };

    /// <summary>Where the guest sees what is plugged into a slot: a root port's place on bus 0 is fixed, its own bus's number is not.</summary>
    public static string GuestPath(int slot)
        => string.Create(CultureInfo.InvariantCulture, $"/sys/bus/pci/devices/0000:00:{FirstPort + slot:x2}.0/0000:*:00.0");

    // A saved guest has its kernel in memory. Its memory was saved where it belongs in the file, which is fastest to read.
    static string[] Software(BootSpec spec, QemuLaunch launch) => launch.Saved is { } saved
        ? ["-global", "migration.mapped-ram=on", "-incoming", $"file:{saved}"]
        :
        [
            "-kernel", spec.Kernel.HasPvhEntry ? spec.Kernel.Vmlinux : spec.Kernel.Vmlinuz, "-initrd", launch.Initramfs ?? "",
            "-append", string.Join(' ', Kernel(spec, launch.Accelerator, launch.TscKilohertz).Concat(spec.KernelArguments)),
        ];

    // A device can be added to a running guest only where a port waits for it.
    static IEnumerable<string> Slots(QemuLaunch launch)
    {
        for (var i = 0; i < launch.Slots; i++)
        {
            yield return "-device";
            yield return string.Create(CultureInfo.InvariantCulture, $"pcie-root-port,id={Port(i)},slot={i + 1},chassis={i + 1},addr=0x{FirstPort + i:x}");
        }
        for (var i = 0; i < launch.Devices.Count; i++)
        {
            yield return "-device";
            yield return InSlot(launch.Devices[i], i).ToJsonString();
        }
    }

    /// <summary>A device's arguments for the slot it goes to.</summary>
    public static JsonObject InSlot(JsonObject device, int slot)
    {
        var placed = device.DeepClone().AsObject();
        placed["bus"] = Port(slot);
        return placed;
    }

    static string Port(int slot) => string.Create(CultureInfo.InvariantCulture, $"rp{slot}");
}
