using Understudy.Guest;
using Understudy.Toolchain;

namespace Understudy.Boards;

/// <summary>Machines made by QEMU 11.1 or newer, whose PCI devices are our models over vfio-user.</summary>
public sealed class QemuBoard : IBoard
{
    readonly TscFrequency _tsc;
    readonly GuestSoftware _software;

    QemuBoard(Toolbox toolbox, QemuInstallation qemu, GuestSoftware software, Accelerator accelerator)
    {
        (Qemu, _software, Accelerator) = (qemu, software, accelerator);
        _tsc = new TscFrequency(toolbox.Cache);
        Templates = new GuestTemplates(this, toolbox.Cache);
    }

    /// <inheritdoc/>
    public string Name => "qemu";

    /// <inheritdoc/>
    public string Model => "qemu-q35";

    /// <inheritdoc/>
    public BoardTraits Traits => Lacks;

    internal static BoardTraits Lacks { get; } = new((BoardAbility.VirtualTime, "no virtual time: nobody can steer a PC's"));

    /// <summary>The QEMU it uses.</summary>
    public QemuInstallation Qemu { get; }

    /// <inheritdoc/>
    public Accelerator Accelerator { get; }

    /// <summary>Gathers what guests are made of, and finds out what this host can do for them: the first time after the host booted, by
    /// booting <paramref name="kernel"/> under KVM.</summary>
    /// <exception cref="ToolchainException">Something is not here and cannot be fetched.</exception>
    /// <exception cref="LabFailedException">QEMU cannot be started.</exception>
    public static async Task<QemuBoard> OpenAsync(Toolbox toolbox, Kernel kernel, CancellationToken cancel = default)
    {
        var qemu = await toolbox.QemuAsync(cancel).ConfigureAwait(false);
        var accelerator = new KvmProbe(qemu, toolbox.Cache).ChooseAsync(kernel, cancel);
        var software = await GuestSoftware.OpenAsync(toolbox, cancel).ConfigureAwait(false);
        return new QemuBoard(toolbox, qemu, software, await accelerator.ConfigureAwait(false));
    }

    /// <inheritdoc/>
    public IMachine Assemble(BootSpec spec) => spec.Time == GuestTime.Host ? new QemuMachine(this, spec)
        : throw new LabFailedException($"Virtual time: the board qemu has {Lacks.WhyNot(BoardAbility.VirtualTime)}.");

    internal GuestTemplates Templates { get; }

    internal long? TscKilohertz => _tsc.Known;

    /// <summary>What every start of QEMU needs.</summary>
    internal QemuLaunch Launch(SocketDirectory sockets, int slots) => slots > QemuCommandLine.MostSlots
        ? throw new LabFailedException($"A machine has {QemuCommandLine.MostSlots} slots at most, and {slots} are asked for, spare ones included.")
        : new QemuLaunch(Accelerator, Qemu.FirmwarePath("qboot.rom"), sockets.Path, slots);

    /// <summary>Keeps what a guest that booted knows of the host's time-stamp counter.</summary>
    internal void LearnTscFrequency(GuestAgent guest)
    {
        if (Accelerator.Name != "tcg" || _tsc.Known is not null) return;
        foreach (var record in guest.KernelLog.Since()) _tsc.Learn(record.Text);
    }

    // The agent's channel, and the device by which a kernel tells QEMU that it panics. What a kernel lacks of these, the agent reports.
    static readonly string[] s_bootModules = ["virtio_pci", "virtio_console", "pvpanic-pci"];

    /// <summary>A guest's first file system.</summary>
    internal Task<Initramfs> InitramfsAsync(BootSpec spec, CancellationToken cancel) => _software.InitramfsAsync(spec, s_bootModules, cancel);
}
