namespace Understudy.Toolchain;

/// <summary>
/// Finds or fetches everything a run needs, into a private cache, without root and without changing the system. Each thing is
/// provided once; afterwards it is found in milliseconds and works offline. Safe to use from several threads and processes.
/// </summary>
public sealed class Toolbox
{
    readonly PrefixShelf _shelf;
    readonly HeadersShelf _headers;
    readonly RootShelf _roots;
    readonly OwnRootShelf _ownRoots;
    readonly QemuFinder _qemu;
    readonly ModuleShelf _modules;
    readonly CCompiler _compiler;
    readonly IProgress<ProvisionProgress>? _progress;
    string? _program;

    /// <summary>A toolbox over a cache; nothing is looked for or fetched yet.</summary>
    /// <param name="cache">Where everything lives.</param>
    /// <param name="progress">Told what is being provided, with bytes for progress bars, and warnings. May be called from any thread.</param>
    public Toolbox(UnderstudyCache cache, IProgress<ProvisionProgress>? progress = null) : this(cache, progress, HostLayout.Machine)
    {
    }

    internal Toolbox(UnderstudyCache cache, IProgress<ProvisionProgress>? progress, HostLayout host)
    {
        Cache = cache;
        Host = host;
        _progress = progress;
        var apt = new PrivateApt(cache, host);
        _shelf = new PrefixShelf(cache, apt);
        _headers = new HeadersShelf(_shelf, apt);
        Func<CancellationToken, Task<string>> fileSystemTools = cancel => ProgramsAsync(["e2fsprogs", "libarchive13t64"], cancel);
        _roots = new RootShelf(cache, apt, fileSystemTools);
        _ownRoots = new OwnRootShelf(cache, apt, fileSystemTools, new Decompressor(async cancel => (await ToolsAsync(cancel).ConfigureAwait(false)).Prefix.Command("usr/bin/zstd", [])));
        _qemu = new QemuFinder(cache, _shelf, host);
        Kernels = new KernelCatalog(cache, apt, new KernelStore(cache, apt, ToolsAsync), progress);
        _modules = new ModuleShelf(cache, ToolsAsync);
        _compiler = new CCompiler(cache);
    }

    /// <summary>Where everything lives.</summary>
    public UnderstudyCache Cache { get; }

    /// <summary>Tells whoever watches what happens to something that is made of what comes from here.</summary>
    public void Says(string step, string detail) => _progress?.Report(new ProvisionProgress(step, detail));

    /// <summary>The kernels that can be booted.</summary>
    public KernelCatalog Kernels { get; }

    internal HostLayout Host { get; }

    /// <summary>The QEMU already at hand, found by reading a small file; null when it has to be looked at or fetched first.</summary>
    public QemuInstallation? QemuAtHand => _program is null ? _qemu.AtHand() : null;

    /// <summary>The same toolbox with another QEMU, which is looked at when it is asked for.</summary>
    /// <param name="program">Its path, or the name of a program on the PATH.</param>
    public Toolbox WithQemu(string program) => new(Cache, _progress, Host) { _program = program };

    /// <summary>A QEMU that can host models: the system's own where it is new enough, else Debian's, fetched when it is not here.</summary>
    /// <exception cref="ToolchainException">It is not here and cannot be fetched; or the one of <see cref="WithQemu"/> is not there
    /// (<see cref="ToolchainProblem.UnknownName"/>) or of no use (<see cref="ToolchainProblem.BadFile"/>).</exception>
    public Task<QemuInstallation> QemuAsync(CancellationToken cancel = default) =>
        _program is not null ? _qemu.NamedAsync(_program, cancel) : _qemu.EnsureAsync(refresh: false, new Provisioning("QEMU", _progress), cancel);

    /// <summary>The statically linked busybox for the guest.</summary>
    /// <exception cref="ToolchainException">It is not here and cannot be fetched.</exception>
    public async Task<string> BusyboxAsync(CancellationToken cancel = default) => (await ToolsAsync(cancel).ConfigureAwait(false)).Busybox;

    /// <summary>Compiles C into one static executable for the guest (tcc, musl, Linux headers), or finds it compiled before.</summary>
    /// <param name="sources">The .c files, and the headers they include of their own, which make a change of them known. The first names the result.</param>
    /// <param name="cancel">Kills the compiler.</param>
    /// <returns>The path of the executable.</returns>
    /// <exception cref="ToolchainException">The compiler found an error or a warning (its words are in the message), or cannot be fetched.</exception>
    public Task<string> CompileAsync(IReadOnlyList<string> sources, CancellationToken cancel = default) =>
        _compiler.CompileAsync(sources, ToolsAsync, cancel);

    /// <summary>The modules of a kernel.</summary>
    /// <exception cref="ToolchainException">The kernel was given without modules.</exception>
    public Task<ModuleTree> ModulesAsync(Kernel kernel, CancellationToken cancel = default) => _modules.OpenAsync(kernel, cancel);

    /// <summary>What modules of a kernel are built against: Debian's headers of it, or the directory <c>build</c> among its modules.</summary>
    /// <exception cref="ToolchainException">There are none, or they cannot be fetched.</exception>
    public Task<KernelHeaders> HeadersAsync(Kernel kernel, CancellationToken cancel = default) =>
        _headers.EnsureAsync(kernel, new Provisioning($"headers of {kernel.Release}", _progress), cancel);

    /// <summary>Programs of Debian packages, with all they need, unpacked into a directory from which they run on any host.</summary>
    /// <param name="packages">The packages; the first one's name and version name the result.</param>
    /// <param name="cancel">Stops downloads; what was downloaded is kept for the next time.</param>
    /// <returns>The directory the packages' root is unpacked in; programs are in its <c>usr/bin</c>.</returns>
    /// <exception cref="ToolchainException">There is no such package, or it cannot be fetched.</exception>
    public async Task<string> ProgramsAsync(IReadOnlyList<string> packages, CancellationToken cancel = default)
    {
        var recipe = new PrefixRecipe($"programs-{string.Join('+', packages)}", packages[0], packages, [], packages[0], null) { Arrange = OwnLoader.Arrange };
        return (await _shelf.EnsureAsync(recipe, new Provisioning(packages[0], _progress), cancel).ConfigureAwait(false)).Root;
    }

    /// <summary>A Debian user space for guests, made of packages without being root, or found made before: then it needs no network.</summary>
    /// <param name="request">What is to be on it.</param>
    /// <param name="cancel">Stops downloads; what was downloaded is kept for the next time.</param>
    /// <exception cref="ToolchainException">The packages do not go together (<see cref="ToolchainProblem.Unsatisfiable"/>), or cannot be fetched.</exception>
    public Task<DebianRoot> RootAsync(RootRequest request, CancellationToken cancel = default) =>
        _roots.EnsureAsync(request, new Provisioning($"{request.Distribution} user space", _progress), cancel);

    /// <summary>A disk of a root file system that the user brings, with the headers of a kernel in it; or the one made before of the same content.</summary>
    /// <param name="root">The root file system.</param>
    /// <param name="kernel">A kernel of Debian's. Its headers are brought where the root has none.</param>
    /// <param name="cancel">Stops it.</param>
    /// <exception cref="ToolchainException">It cannot be read, is none, or lacks something (the message names what); or is too old for the kernel
    /// (<see cref="ToolchainProblem.Unsatisfiable"/>).</exception>
    public Task<OwnRootDisk> RootAsync(OwnRoot root, Kernel kernel, CancellationToken cancel = default) =>
        _ownRoots.EnsureAsync(root, kernel, new Provisioning($"user space {root}", _progress), cancel);

    /// <summary>The sources of Debian's kernels of a series, with Debian's patches: the package linux-source-SERIES, unpacked.</summary>
    /// <param name="series">Major and minor number: "7.2".</param>
    /// <param name="cancel">Stops the download; what was downloaded is kept for the next time.</param>
    /// <returns>The tree, which nobody may write to, and the package's version.</returns>
    /// <exception cref="ToolchainException">There is no such package, or it cannot be fetched.</exception>
    public async Task<(string Directory, string Version)> KernelSourceAsync(string series, CancellationToken cancel = default)
    {
        var package = $"linux-source-{series}";
        var tools = await ToolsAsync(cancel).ConfigureAwait(false);
        var recipe = new PrefixRecipe(package, package, [], [package], package, null);
        var prefix = await _shelf.EnsureAsync(recipe, new Provisioning(package, _progress), cancel).ConfigureAwait(false);
        var tree = await Cache.EntryAsync($"sources/{package}-{prefix.Stamp.Key}", async staging =>
        {
            var tar = Path.Combine(staging, ".tar");
            await HostProcess.RequireAsync(tools.Prefix.Command("usr/bin/xz", ["-dc", prefix.At($"usr/src/{package}.tar.xz")]) with { OutputFile = tar }, $"decompressing {package}", cancel).ConfigureAwait(false);
            await HostProcess.RequireAsync(new HostCommand("tar", ["-xf", tar, "-C", staging, "--strip-components=1"]), $"unpacking {package}", cancel).ConfigureAwait(false);
            File.Delete(tar);
        }, cancel).ConfigureAwait(false);
        return (tree, prefix.Stamp.Version);
    }

    /// <summary>Provides QEMU and tools in the newest versions the mirror has, and reads the kernel list anew.</summary>
    /// <exception cref="ToolchainException">Something is not here and cannot be fetched.</exception>
    public async Task RefreshAsync(CancellationToken cancel = default)
    {
        await Kernels.RefreshAsync(cancel).ConfigureAwait(false);
        await _shelf.RefreshAsync(Tools.Recipe, new Provisioning("tools", _progress), cancel).ConfigureAwait(false);
        await _qemu.EnsureAsync(refresh: true, new Provisioning("QEMU", _progress), cancel).ConfigureAwait(false);
    }

    internal async Task<Tools> ToolsAsync(CancellationToken cancel) =>
        new(await _shelf.EnsureAsync(Tools.Recipe, new Provisioning("tools", _progress), cancel).ConfigureAwait(false), Cache);

    internal bool HasTools => _shelf.InUse(Tools.Recipe) is not null;
}
