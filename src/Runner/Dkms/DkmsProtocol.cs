using Understudy.Boards;
using Understudy.Build;
using Understudy.Pci;
using Understudy.Toolchain;

namespace Understudy.Runner.Dkms;

/// <summary>What a package goes through on one kernel, as a user would take it through: by DKMS's own commands with the tarball, and by dpkg with
/// the Debian package. After each step all is looked at that must be true then.</summary>
/// <param name="machine">Where it is tried.</param>
/// <param name="package">The package.</param>
/// <param name="kernel">The release of the machine's kernel.</param>
/// <param name="cards">What the driver must bind to.</param>
/// <param name="own">The root file system it is tried in, where that is the user's own and no Debian of ours.</param>
sealed class DkmsProtocol(IDkmsMachine machine, DkmsPackage package, string kernel, IReadOnlyList<PciIdentity> cards, OwnRootDisk? own)
{
    readonly DkmsPackage _next = package.Next();
    readonly DkmsSystem _system = new(machine, package.Conf.Name, kernel);
    readonly DkmsDriver _driver = new(machine, package.Conf.Modules, kernel, cards) { IsDebian = own is not { HasDpkg: false } };
    IReadOnlyList<string> _before = [];

    bool HasDpkg => own is not { HasDpkg: false };

    public IReadOnlyList<DkmsStep> Steps(IReadOnlyList<DkmsWay> ways) =>
    [
        new("system", LookAsync),
        .. ways.Contains(DkmsWay.Tarball) ? Tarball : [],
        .. ways.Contains(DkmsWay.Deb) && HasDpkg ? Deb : [],
    ];

    DkmsStep[] Tarball =>
    [
        new("add", (notes, cancel) => AddAsync(package, notes, cancel)),
        new("build", (notes, cancel) => BuildAsync(package, notes, cancel)),
        new("install", (notes, cancel) => InstallAsync(package, notes, cancel)),
        new("load", _driver.LoadAsync),
        new("upgrade", UpgradeAsync),
        new("remove", RemoveAsync),
    ];

    DkmsStep[] Deb =>
    [
        new("deb-install", (notes, cancel) => InstallDebAsync(package, notes, cancel)),
        new("deb-load", _driver.LoadAsync),
        new("deb-upgrade", UpgradeDebAsync),
        new("deb-remove", RemoveDebAsync),
        new("deb-purge", PurgeDebAsync),
    ];

    // What is wrong before there is a package is none of the driver's doing.
    async Task LookAsync(StepNotes notes, CancellationToken cancel)
    {
        try
        {
            var version = await _system.RequireAsync(HasDpkg ? "dkms --version && dpkg --version | head -n 1" : "dkms --version", "its DKMS does not run", cancel).ConfigureAwait(false);
            await _system.ExpectAsync([], cancel).ConfigureAwait(false);
            _before = await _system.FilesAsync(cancel).ConfigureAwait(false);
            IEnumerable<string> remarks = [.. own?.Remarks ?? [], .. HasDpkg ? [] : new[] { "no dpkg, so only the tarball" }];
            notes.Detail = string.Join("; ", version.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Trim()).Concat(remarks));
        }
        catch (StepFailedException wrong)
        {
            throw new LabFailedException($"the guest's {(own is null ? "Debian" : "user space")} is of no use: {wrong.Message}", wrong);
        }
    }

    async Task AddAsync(DkmsPackage what, StepNotes notes, CancellationToken cancel)
    {
        var tarball = new MemoryStream();
        what.WriteTarball(tarball);
        await machine.PutAsync($"/tmp/{what.TarballName}", tarball.ToArray(), cancel).ConfigureAwait(false);
        await _system.RequireAsync($"dkms ldtarball /tmp/{what.TarballName}", "DKMS does not take the tarball", cancel).ConfigureAwait(false);
        await _system.ExpectStateAsync(what, "added", cancel).ConfigureAwait(false);
        await _system.RequireAsync($"test -f {what.SourceTree}/{DkmsConf.FileName}", $"{what.SourceTree} does not hold the sources", cancel).ConfigureAwait(false);
        notes.Detail = $"{what.TarballName}: {what.Conf.Name}/{what.Conf.Version} added";
    }

    async Task BuildAsync(DkmsPackage what, StepNotes notes, CancellationToken cancel)
    {
        var files = await _driver.FilesAsync(cancel).ConfigureAwait(false);
        await _system.BuildingAsync(what, $"dkms build {Named(what)} -k {kernel}", cancel).ConfigureAwait(false);
        await _system.ExpectStateAsync(what, "built", cancel).ConfigureAwait(false);
        if (!(await _driver.FilesAsync(cancel).ConfigureAwait(false)).SequenceEqual(files)) throw new StepFailedException($"'dkms build' has changed modules in /lib/modules/{kernel}, which only 'dkms install' may");
        notes.Detail = $"{what.Conf.Version} built for {kernel}";
    }

    async Task InstallAsync(DkmsPackage what, StepNotes notes, CancellationToken cancel)
    {
        await _system.RequireAsync($"dkms install {Named(what)} -k {kernel}", $"DKMS does not install {what.Conf.Name}/{what.Conf.Version}", cancel).ConfigureAwait(false);
        await _system.ExpectStateAsync(what, "installed", cancel).ConfigureAwait(false);
        notes.Detail = await _driver.InstalledAsync(what.Conf.Version, cancel).ConfigureAwait(false);
    }

    // The next version takes the place of the old one while DKMS has both; then the old one goes.
    async Task UpgradeAsync(StepNotes notes, CancellationToken cancel)
    {
        await _driver.UnloadAsync(cancel).ConfigureAwait(false);
        await AddAsync(_next, notes, cancel).ConfigureAwait(false);
        await BuildAsync(_next, notes, cancel).ConfigureAwait(false);
        await InstallAsync(_next, notes, cancel).ConfigureAwait(false);
        await _system.RequireAsync($"dkms remove {Named(package)} --all", $"DKMS does not remove {package.Conf.Version} when {_next.Conf.Version} is installed", cancel).ConfigureAwait(false);
        await _system.ExpectAsync([(_next.Conf.Version, "installed")], cancel).ConfigureAwait(false);
        var installed = await _driver.InstalledAsync(_next.Conf.Version, cancel).ConfigureAwait(false);
        await _driver.LoadAsync(notes, cancel).ConfigureAwait(false);
        notes.Detail = $"{package.Conf.Version} to {_next.Conf.Version}: {installed}; {notes.Detail}";
    }

    // DKMS leaves the sources it was given in /usr/src, as its manual says: these are whoever's brought them.
    async Task RemoveAsync(StepNotes notes, CancellationToken cancel)
    {
        await _driver.UnloadAsync(cancel).ConfigureAwait(false);
        await _system.RequireAsync($"dkms remove {Named(_next)} --all", $"DKMS does not remove {_next.Conf.Version}", cancel).ConfigureAwait(false);
        await _system.ExpectAsync([], cancel).ConfigureAwait(false);
        await _system.RequireAsync($"rm -rf {package.SourceTree} {_next.SourceTree} /tmp/*.dkms.tar.gz", "the sources cannot be deleted", cancel).ConfigureAwait(false);
        await NothingLeftAsync("dkms remove", cancel).ConfigureAwait(false);
        notes.Detail = "unloaded and removed, nothing left";
    }

    async Task InstallDebAsync(DkmsPackage what, StepNotes notes, CancellationToken cancel)
    {
        var deb = new MemoryStream();
        what.WriteDeb(deb);
        await machine.PutAsync($"/tmp/{what.DebName}", deb.ToArray(), cancel).ConfigureAwait(false);
        await _system.BuildingAsync(what, $"dpkg -i /tmp/{what.DebName}", cancel).ConfigureAwait(false);
        await _system.ExpectPackageAsync(what, "install ok installed", cancel).ConfigureAwait(false);
        if (!what.Conf.AutoInstall) throw new StepFailedException($"{DkmsConf.FileName} does not say AUTOINSTALL=\"yes\": DKMS builds nothing when the package is installed, nor when a new kernel is");
        await _system.ExpectAsync([(what.Conf.Version, "installed")], cancel).ConfigureAwait(false);
        notes.Detail = $"{what.DebName}: {await _driver.InstalledAsync(what.Conf.Version, cancel).ConfigureAwait(false)}";
    }

    // As apt does it: the old driver is at work meanwhile.
    async Task UpgradeDebAsync(StepNotes notes, CancellationToken cancel)
    {
        await InstallDebAsync(_next, notes, cancel).ConfigureAwait(false);
        if (!await _driver.IsLoadedAsync(cancel).ConfigureAwait(false)) throw new StepFailedException("the upgrade has unloaded the old driver, which was at work");
        var installed = notes.Detail;
        await _driver.UnloadAsync(cancel).ConfigureAwait(false);
        await _driver.LoadAsync(notes, cancel).ConfigureAwait(false);
        notes.Detail = $"{installed}; {notes.Detail}";
    }

    async Task RemoveDebAsync(StepNotes notes, CancellationToken cancel)
    {
        await _driver.UnloadAsync(cancel).ConfigureAwait(false);
        await _system.RequireAsync($"dpkg -r {_next.DebianName}", "dpkg does not remove the package", cancel).ConfigureAwait(false);
        await _system.ExpectAsync([], cancel).ConfigureAwait(false);
        await NothingLeftAsync("dpkg -r", cancel).ConfigureAwait(false);
        notes.Detail = "unloaded and removed, nothing left";
    }

    async Task PurgeDebAsync(StepNotes notes, CancellationToken cancel)
    {
        await _system.RequireAsync($"dpkg -P {_next.DebianName}", "dpkg does not purge the package", cancel).ConfigureAwait(false);
        await _system.ExpectPackageAsync(_next, "", cancel).ConfigureAwait(false);
        await NothingLeftAsync("dpkg -P", cancel).ConfigureAwait(false);
        notes.Detail = "dpkg knows nothing of it any more";
    }

    async Task NothingLeftAsync(string after, CancellationToken cancel)
    {
        if (await _driver.IsLoadedAsync(cancel).ConfigureAwait(false)) throw new StepFailedException($"the module is loaded after '{after}'");
        var left = (await _system.FilesAsync(cancel).ConfigureAwait(false)).Except(_before).ToList();
        if (left.Count > 0) throw new StepFailedException($"'{after}' leaves {left[0]}{(left.Count > 1 ? $" and {left.Count - 1} more" : "")}", left);
    }

    static string Named(DkmsPackage what) => $"-m {what.Conf.Name} -v {what.Conf.Version}";
}
