namespace Understudy.Toolchain;

/// <summary>
/// The kernels that can be booted by name. The list is read from Debian's signed package lists once and kept; it is read anew when
/// asked, when it is absent, or when a name is not in it.
/// </summary>
public sealed class KernelCatalog
{
    readonly UnderstudyCache _cache;
    readonly PrivateApt _apt;
    readonly KernelStore _store;
    readonly IProgress<ProvisionProgress>? _progress;

    internal KernelCatalog(UnderstudyCache cache, PrivateApt apt, KernelStore store, IProgress<ProvisionProgress>? progress)
    {
        _cache = cache;
        _apt = apt;
        _store = store;
        _progress = progress;
    }

    /// <summary>When the list was last read from the mirror (UTC), or null when it never was.</summary>
    public DateTime? LastRead => Known() is { Kernels.Count: > 0 } known ? known.Read : null;

    /// <summary>What was left out when the list was last read, and why: suites that could not be verified or had.</summary>
    public IReadOnlyList<string> Warnings => Known().Warnings;

    /// <summary>The newest kernel of every name, newest first. Needs no network once a list was read.</summary>
    /// <exception cref="ToolchainException">No list was read yet, and the mirror cannot be reached or verified.</exception>
    public async Task<IReadOnlyList<KernelListing>> ListAsync(CancellationToken cancel = default)
    {
        var known = await LoadAsync(cancel).ConfigureAwait(false);
        var installed = _store.Installed().ToList();
        var newest = Default(known);
        return [.. known.Kernels.DistinctBy(kernel => kernel.Name).Select(kernel => new KernelListing(
            kernel.Name, kernel.Release, kernel.PackageVersion, kernel.Packages.Sum(package => package.Size),
            StateOf(kernel, installed), kernel == newest))];
    }

    /// <summary>Reads the list anew from the mirror. Offline it keeps the earlier list and says so as a warning.</summary>
    /// <exception cref="ToolchainException">There is no earlier list, and the mirror cannot be reached or verified.</exception>
    public async Task RefreshAsync(CancellationToken cancel = default)
    {
        var step = new Provisioning("package lists", _progress);
        try
        {
            Keep(await _apt.UpdateAsync(step, cancel).ConfigureAwait(false));
        }
        catch (ToolchainException offline) when (offline.Problem == ToolchainProblem.Offline && LastRead is { } read)
        {
            step.Warns($"the kernel list of {read:yyyy-MM-dd} is used: {offline.Message}");
        }
    }

    /// <summary>The kernel a name means, from the cache when its newest known release is there, else fetched.</summary>
    /// <param name="name">"debian:6.12", "debian:6.12-cloud", "debian:latest" (the newest that is no release candidate), or a whole
    /// release as in "debian:6.12.107+deb13-amd64", which also finds releases that only the cache still has.</param>
    /// <param name="cancel">Stops downloads; what was downloaded is kept for the next time.</param>
    /// <exception cref="ToolchainException">No kernel has that name (the nearest names are given), or it cannot be fetched.</exception>
    public async Task<Kernel> EnsureAsync(string name, CancellationToken cancel = default)
    {
        var step = new Provisioning($"kernel {name}", _progress);
        if (_store.ByRelease(name) is { } exact) return exact;
        var wanted = await NamedAsync(name, cancel).ConfigureAwait(false);
        if (_store.Find(wanted) is { } here) return here;
        if (!_apt.IsOfMirrorInUse)
        {
            await RefreshAsync(cancel).ConfigureAwait(false);
            wanted = Find(Known(), name) ?? throw Unknown(name);
        }
        try
        {
            return await _store.InstallAsync(wanted, step, cancel).ConfigureAwait(false);
        }
        catch (ToolchainException gone) when (gone.Problem == ToolchainProblem.UnknownName)
        {
            step.Says("the mirror has moved on to a newer release: reading its lists anew");
            await RefreshAsync(cancel).ConfigureAwait(false);
            return await _store.InstallAsync(Find(Known(), name) ?? throw Unknown(name), step, cancel).ConfigureAwait(false);
        }
        catch (ToolchainException offline) when (offline.Problem == ToolchainProblem.Offline && Other(wanted) is { } other)
        {
            throw new ToolchainException(ToolchainProblem.Offline,
                $"{offline.Message} Another release of {name} is in the cache: ask for {KernelName.Scheme}{other.Release}.", offline);
        }
    }

    /// <summary>Makes sure that a name means a kernel, and fetches none.</summary>
    /// <exception cref="ToolchainException">No kernel has that name (the nearest names are given), or there is no list to look it up in.</exception>
    public async Task CheckAsync(string name, CancellationToken cancel = default)
    {
        if (_store.ByRelease(name) is null) await NamedAsync(name, cancel).ConfigureAwait(false);
    }

    /// <summary>The kernel in the user's own image: a bzImage, or an uncompressed vmlinux.</summary>
    /// <param name="image">Path of the image.</param>
    /// <param name="modules">Its modules: the directory of the release itself, or one that has <c>lib/modules/RELEASE</c> below it (what
    /// <c>make modules_install INSTALL_MOD_PATH=...</c> was given); null when it needs none.</param>
    /// <param name="cancel">Stops the extraction.</param>
    /// <exception cref="ToolchainException">The image or the modules are not there or not of that kind.</exception>
    public Task<Kernel> OpenAsync(string image, string? modules, CancellationToken cancel = default) =>
        _store.OpenAsync(image, modules, new Provisioning($"kernel {image}", _progress), cancel);

    // A name that an old list does not have may be in today's.
    async Task<CatalogKernel> NamedAsync(string name, CancellationToken cancel)
    {
        if (Find(await LoadAsync(cancel).ConfigureAwait(false), name) is { } known) return known;
        await RefreshAsync(cancel).ConfigureAwait(false);
        return Find(Known(), name) ?? throw Unknown(name);
    }

    string StampPath => _cache.PathOf("kernels.json");

    CatalogStamp Known() => CacheJson.Read(StampPath, CacheJson.Default.CatalogStamp) ?? CatalogStamp.Empty;

    async Task<CatalogStamp> LoadAsync(CancellationToken cancel)
    {
        if (Known() is { Kernels.Count: > 0 } known) return known;
        Keep(await _apt.EnsureListsAsync(new Provisioning("package lists", _progress), cancel).ConfigureAwait(false));
        return Known();
    }

    void Keep(AptStamp lists) => CacheJson.Write(_cache, StampPath,
        CatalogStamp.Of(PackagesIndex.Read(lists.Indexes.Values, CatalogStamp.IsPartOfKernel), lists.Warnings, lists.Read),
        CacheJson.Default.CatalogStamp);

    internal static CatalogKernel? Find(CatalogStamp known, string name) =>
        name == KernelName.Newest
            ? Default(known)
            : known.Kernels.FirstOrDefault(kernel => kernel.Name == name || KernelName.Scheme + kernel.Release == name);

    // Kernels are ordered newest first; a flavour is not what someone without a wish wants.
    static CatalogKernel? Default(CatalogStamp known) =>
        known.Kernels.FirstOrDefault(kernel => !kernel.IsCandidate && !kernel.Series.Contains('-', StringComparison.Ordinal));

    static KernelState StateOf(CatalogKernel kernel, List<KernelStamp> installed) =>
        installed.Any(stamp => stamp.IsOf(kernel)) ? KernelState.Installed
        : installed.Any(stamp => stamp.Name == kernel.Name) ? KernelState.Outdated
        : KernelState.Available;

    KernelStamp? Other(CatalogKernel wanted) => _store.Installed().FirstOrDefault(stamp => stamp.Name == wanted.Name);

    ToolchainException Unknown(string name) => new(ToolchainProblem.UnknownName, UnknownMessage(Known(), name));

    internal static string UnknownMessage(CatalogStamp known, string name)
    {
        var names = known.Kernels.Select(kernel => kernel.Name).Distinct().Append(KernelName.Newest);
        var near = Nearest.To(name, names);
        return $"There is no kernel '{name}' in the list of {known.Read:yyyy-MM-dd}. Did you mean {string.Join(" or ", near)}? " +
            "'understudy kernels' lists them all; the path of a bzImage does as well.";
    }
}
