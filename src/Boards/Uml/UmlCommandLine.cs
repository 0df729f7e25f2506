using System.Globalization;
using System.Text.Json.Nodes;

namespace Understudy.Boards;

/// <summary>A User Mode Linux kernel's arguments for one boot: its own, which say what the machine is, and those of any kernel.</summary>
static class UmlCommandLine
{
    // What virtio_uml.c calls the kind of a device, as src/Build/Profiles/uml configures it.
    const int PciDevice = 1234;

    /// <summary>The guest's name below <see cref="SocketDirectory"/>, where its management console is.</summary>
    public const string Name = "guest";

    /// <summary>The arguments, for a kernel that runs in <paramref name="directory"/>: a path of each run's own would find its way into the
    /// guest's random numbers, which its command line is stirred into.</summary>
    public static IReadOnlyList<string> For(BootSpec spec, string directory, string initramfs, string? calendar, IReadOnlyList<JsonObject> devices) =>
    [
        string.Create(CultureInfo.InvariantCulture, $"mem={spec.MemoryMebibytes}M"),
        $"initrd={initramfs}",
        $"uml_dir={directory}/", $"umid={Name}",
        "con=null", $"con0=fd:{UmlProcess.ConsoleDescriptor}",
        $"con1=fd:{UmlProcess.ControlDescriptor}", $"con2=fd:{UmlProcess.LogDescriptor}", "understudy.ctl=tty1", "understudy.log=tty2",
        .. devices.Select(device => string.Create(CultureInfo.InvariantCulture, $"virtio_uml.device={Path.GetFileName((string)device["socket"]!)}:{PciDevice}")),
        // Chance is the seed's where time is nobody's.
        .. calendar is null ? (string[])[] : [$"time-travel=ext:{Path.GetFileName(calendar)}", string.Create(CultureInfo.InvariantCulture, $"random-seed={(uint)spec.Seed}")],
        // How long a read waits for its answer, in microseconds: a host that has much to do, or a model in a debugger, breaks nothing.
        "virtio_pcidev.max_delay_us=4000000000",
        // Calibrating the delay loop takes longer than all the rest; the system calls of guests are caught by seccomp where the host lets it.
        "lpj=10000000", "seccomp=auto", "loglevel=6", "net.ifnames=0",
        .. spec.KernelArguments,
    ];
}
