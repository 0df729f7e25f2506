using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Understudy.Guest;
using Understudy.Toolchain;

namespace Understudy.Boards;

/// <summary>What guests are made of beside their kernel: the agent, busybox, modules.</summary>
sealed class GuestSoftware
{
    const int FrightLines = 40;

    readonly Toolbox _toolbox;
    readonly string _agent, _busybox;

    GuestSoftware(Toolbox toolbox, string agent, string busybox) => (_toolbox, _agent, _busybox) = (toolbox, agent, busybox);

    /// <exception cref="ToolchainException">Something is not here and cannot be fetched.</exception>
    public static async Task<GuestSoftware> OpenAsync(Toolbox toolbox, CancellationToken cancel)
    {
        var source = Path.Combine(toolbox.Cache.Root, $"agent-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(AgentSource.Text)))[..12]}.c");
        if (!File.Exists(source)) WriteWhole(source);
        var agent = await toolbox.CompileAsync([source], cancel).ConfigureAwait(false);
        return new GuestSoftware(toolbox, agent, await toolbox.BusyboxAsync(cancel).ConfigureAwait(false));
    }

    // Other processes may be here at the same moment: none must compile half a file.
    static void WriteWhole(string source)
    {
        var draft = $"{source}.{Environment.ProcessId}";
        AgentSource.WriteTo(draft);
        File.Move(draft, source, overwrite: true);
    }

    /// <summary>A guest's first file system.</summary>
    /// <param name="spec">What the guest is for.</param>
    /// <param name="bootModules">Modules the board needs before anything else. What a kernel lacks of these, the agent reports.</param>
    /// <param name="cancel">Gives up.</param>
    public async Task<Initramfs> InitramfsAsync(BootSpec spec, IReadOnlyList<string> bootModules, CancellationToken cancel)
    {
        var (boot, others) = await ModulesAsync(spec, bootModules, cancel).ConfigureAwait(false);
        return new Initramfs
        {
            AgentPath = _agent,
            BusyboxPath = _busybox,
            KernelRelease = spec.Kernel.Release,
            BootModules = boot,
            Modules = [.. others.Except(boot)],
        };
    }

    async Task<(IReadOnlyList<string> Boot, IReadOnlyList<string> Others)> ModulesAsync(BootSpec spec, IReadOnlyList<string> bootModules, CancellationToken cancel)
    {
        if (spec.Kernel.ModulesDirectory is null && spec.Modules.Count + spec.Preloaded.Count == 0) return ([], []);
        var tree = await _toolbox.ModulesAsync(spec.Kernel, cancel).ConfigureAwait(false);
        return (await FilesAsync(tree, bootModules.Where(tree.Has), cancel).ConfigureAwait(false), await FilesAsync(tree, spec.Modules.Concat(spec.Preloaded), cancel).ConfigureAwait(false));
    }

    static async Task<IReadOnlyList<string>> FilesAsync(ModuleTree tree, IEnumerable<string> names, CancellationToken cancel)
        => [.. (await tree.LoadOrderAsync(names, cancel).ConfigureAwait(false)).Select(module => module.Path)];

    /// <summary>Loads what is to be loaded before anybody else gets to the guest. What refuses to be (a faster checksum, on a CPU that has not
    /// the instructions) is left to whoever needs it.</summary>
    /// <exception cref="BootFailedException">The kernel took fright at one, which must not be lost.</exception>
    public static async Task PreloadAsync(GuestAgent guest, BootSpec spec, CancellationToken cancel)
    {
        if (spec.Preloaded.Count == 0) return;
        var before = await FrightsAsync(guest, cancel).ConfigureAwait(false);
        foreach (var module in spec.Preloaded)
        {
            try
            {
                await guest.LoadModuleAsync(module, cancellation: cancel).ConfigureAwait(false);
            }
            catch (GuestException refused)
            {
                spec.OnNote?.Invoke($"the module {module} is not loaded ahead: {refused.Message}");
            }
        }
        if (await FrightsAsync(guest, cancel).ConfigureAwait(false) == before) return;
        var said = string.Join('\n', guest.KernelLog.Since().TakeLast(FrightLines).Select(record => record.Text));
        throw new BootFailedException(BootStage.Agent, $"the kernel warned or worse while {string.Join(", ", spec.Preloaded)} were loaded ahead; with --cold it does so in the test\n{said}");
    }

    // Documentation/admin-guide/tainted-kernels.rst: bit 7 after an oops, bit 9 after a warning.
    static async Task<long> FrightsAsync(GuestAgent guest, CancellationToken cancel)
        => long.Parse(Encoding.ASCII.GetString(await guest.PullAsync("/proc/sys/kernel/tainted", cancel).ConfigureAwait(false)), CultureInfo.InvariantCulture) & (1 << 7 | 1 << 9);
}
