using Understudy.Guest;
using Understudy.Toolchain;

namespace Understudy.Boards;

/// <summary>Machines that are kernels built as programs: User Mode Linux, whose PCI devices are our models over vhost-user. They boot in
/// the time QEMU takes to start, need neither root nor KVM, and cannot be a PC: <see cref="Traits"/>.</summary>
public sealed class UmlBoard : IBoard
{
    /// <summary>Says so where a host is asked to run one and cannot.</summary>
    const string HostHelp = "User Mode Linux needs x86-64 Linux with seccomp user notification or ptrace, and a /dev/shm that is a tmpfs and not mounted noexec.";

    readonly GuestSoftware _software;

    UmlBoard(GuestSoftware software) => _software = software;

    /// <inheritdoc/>
    public string Name => "uml";

    /// <inheritdoc/>
    public string Model => "uml";

    /// <inheritdoc/>
    public BoardTraits Traits => Lacks;

    internal static BoardTraits Lacks { get; } = new(
        (BoardAbility.PortIo, "no I/O ports: User Mode Linux maps memory BARs only"),
        (BoardAbility.Smp, "one CPU: the kernel's PCI-over-virtio driver has no locks for more"),
        (BoardAbility.QemuArguments, "no QEMU"),
        (BoardAbility.Restore, "no saved guests: a boot takes less time than restoring one"),
        (BoardAbility.BarMmap, "no BARs in user space: they are messages, not memory"),
        (BoardAbility.Iommu, "no IOMMU"),
        (BoardAbility.PciePorts, "no ports and bridges: eight slots on bus 0, function 0 each"),
        (BoardAbility.StockKernels, "no kernels but those built for it (ARCH=um)"),
        (BoardAbility.DiskImage, "no disks of images: those are QEMU's"));

    /// <inheritdoc/>
    public Accelerator Accelerator { get; } = new("native", "the kernel is a program of this host");

    /// <summary>Gathers what guests are made of.</summary>
    /// <exception cref="ToolchainException">Something is not here and cannot be fetched, or the kernel is not one for this board.</exception>
    /// <exception cref="LabFailedException">This host cannot run one.</exception>
    public static async Task<UmlBoard> OpenAsync(Toolbox toolbox, Kernel kernel, CancellationToken cancel = default)
    {
        if (!UmlKernel.Is(kernel.Vmlinuz))
            throw new ToolchainException(ToolchainProblem.UnknownName, $"{kernel.Name} is no kernel for the board uml, which runs kernels built for it only (ARCH=um): leave --kernel out, or name one that 'understudy build --arch um' made.");
        if (!Directory.Exists("/dev/shm")) throw new LabFailedException($"This host has no /dev/shm. {HostHelp}");
        return new UmlBoard(await GuestSoftware.OpenAsync(toolbox, cancel).ConfigureAwait(false));
    }

    /// <inheritdoc/>
    public IMachine Assemble(BootSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        if (spec.Cpus > 1) throw new LabFailedException($"A machine of {spec.Cpus} CPUs: the board uml has {Lacks.WhyNot(BoardAbility.Smp)}.");
        if (spec.QemuArguments.Count > 0) throw new LabFailedException($"Arguments for QEMU ({string.Join(' ', spec.QemuArguments)}): the board uml has {Lacks.WhyNot(BoardAbility.QemuArguments)}.");
        return new UmlMachine(this, spec);
    }

    internal Task<Initramfs> InitramfsAsync(BootSpec spec, CancellationToken cancel) => _software.InitramfsAsync(spec, [], cancel);
}
