using System.Security.Cryptography;
using System.Text;
using Understudy.Guest;
using Understudy.Toolchain;

namespace Understudy.Boards;

/// <summary>Machines made by QEMU 11.1 or newer, whose PCI devices are our models over vfio-user.</summary>
public sealed class QemuBoard : IBoard
{
    readonly Toolbox _toolbox;
    readonly TscFrequency _tsc;
    readonly string _agent, _busybox;

    QemuBoard(Toolbox toolbox, QemuInstallation qemu, string agent, string busybox, Accelerator accelerator)
    {
        (_toolbox, Qemu, _agent, _busybox, Accelerator) = (toolbox, qemu, agent, busybox, accelerator);
        _tsc = new TscFrequency(toolbox.Cache);
        Templates = new GuestTemplates(this, toolbox.Cache);
    }

    /// <inheritdoc/>
    public string Name => "qemu";

    /// <inheritdoc/>
    public string Model => "qemu-q35";

    /// <inheritdoc/>
    public BoardTraits Traits => Lacks;

    internal static BoardTraits Lacks { get; } = new();

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
        var source = Path.Combine(toolbox.Cache.Root, $"agent-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(AgentSource.Text)))[..12]}.c");
        if (!File.Exists(source)) WriteWhole(source);
        var agent = await toolbox.CompileAsync([source], cancel).ConfigureAwait(false);
        return new QemuBoard(toolbox, qemu, agent, await toolbox.BusyboxAsync(cancel).ConfigureAwait(false), await accelerator.ConfigureAwait(false));
    }

    // Other processes may be here at the same moment: none must compile half a file.
    static void WriteWhole(string source)
    {
        var draft = $"{source}.{Environment.ProcessId}";
        AgentSource.WriteTo(draft);
        File.Move(draft, source, overwrite: true);
    }

    /// <inheritdoc/>
    public IMachine Assemble(BootSpec spec) => new QemuMachine(this, spec);

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

    /// <summary>Loads what is to be loaded before anybody else gets to the guest.</summary>
    internal static async Task PreloadAsync(GuestAgent guest, BootSpec spec, CancellationToken cancel)
    {
        foreach (var module in spec.Preloaded)
        {
            try
            {
                await guest.LoadModuleAsync(module, cancellation: cancel).ConfigureAwait(false);
            }
            catch (GuestException refused)
            {
                throw new BootFailedException(BootStage.Agent, $"the module {module} cannot be loaded ahead: {refused.Message}");
            }
        }
    }

    // The agent's channel, and the device by which a kernel tells QEMU that it panics. What a kernel lacks of these, the agent reports.
    static readonly string[] s_bootModules = ["virtio_pci", "virtio_console", "pvpanic-pci"];

    /// <summary>A guest's first file system.</summary>
    internal async Task<Initramfs> InitramfsAsync(BootSpec spec, CancellationToken cancel)
    {
        var (boot, others) = await ModulesAsync(spec, cancel).ConfigureAwait(false);
        return new Initramfs
        {
            AgentPath = _agent,
            BusyboxPath = _busybox,
            KernelRelease = spec.Kernel.Release,
            BootModules = boot,
            Modules = [.. others.Except(boot)],
        };
    }

    async Task<(IReadOnlyList<string> Boot, IReadOnlyList<string> Others)> ModulesAsync(BootSpec spec, CancellationToken cancel)
    {
        if (spec.Kernel.ModulesDirectory is null && spec.Modules.Count + spec.Preloaded.Count == 0) return ([], []);
        var tree = await _toolbox.ModulesAsync(spec.Kernel, cancel).ConfigureAwait(false);
        return (await FilesAsync(tree, s_bootModules.Where(tree.Has), cancel).ConfigureAwait(false), await FilesAsync(tree, spec.Modules.Concat(spec.Preloaded), cancel).ConfigureAwait(false));
    }

    static async Task<IReadOnlyList<string>> FilesAsync(ModuleTree tree, IEnumerable<string> names, CancellationToken cancel)
        => [.. (await tree.LoadOrderAsync(names, cancel).ConfigureAwait(false)).Select(module => module.Path)];
}
