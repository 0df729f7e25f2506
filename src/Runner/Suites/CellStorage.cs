using System.Globalization;
using Understudy.Boards;
using Understudy.Guest;

namespace Understudy.Runner.Suites;

/// <summary>What a test's guest has of the host's files: a folder both write to, kept with the run, and a disk whose image stays as it is.</summary>
sealed class CellStorage(TestSettings settings, Lab lab, string runDirectory) : IDisposable
{
    /// <summary>Where the guest has the shared folder.</summary>
    public const string SharedPath = "/run/understudy/shared";

    const string SystemPath = "/mnt/disk", DiskDriver = "virtio_blk";

    static readonly string[] s_shared = ["9pnet_virtio", "9p"], s_fileSystems = ["ext4", "xfs"];

    // In the image's own system everything of ours is where it is outside of it.
    const string EnterSystem = $$"""
        mkdir -p {{SystemPath}} {{CellPrograms.Directory}}
        for device in /dev/vda /dev/vda[0-9]*; do
        	mount $device {{SystemPath}} 2> /dev/null || continue
        	if [ -x {{SystemPath}}/bin/sh ] || [ -L {{SystemPath}}/bin/sh ]; then
        		for part in proc sys dev run; do mkdir -p {{SystemPath}}/$part && mount -o rbind /$part {{SystemPath}}/$part || exit 1; done
        		cp -L "$(command -v device)" {{CellPrograms.Directory}}/device
        		exit 0
        	fi
        	umount {{SystemPath}}
        done
        exit 4
        """;

    static readonly TimeSpan s_patience = TimeSpan.FromMinutes(2);

    SharedFolder? _shared;
    IReadOnlyList<string> _modules = [], _fileSystems = [];

    /// <summary>Where in the guest the root of the disk's system is, in which scripts run; null where they run in the guest's own.</summary>
    public string? SystemRoot { get; private set; }

    /// <summary>Completes, with the reason, when the guest puts more into the shared folder than is kept.</summary>
    public Task<string> Overflow => _shared?.Overflow ?? new TaskCompletionSource<string>().Task;

    /// <exception cref="StepSkippedException">The kernel cannot do it.</exception>
    public async Task CheckAsync(CancellationToken cancel)
    {
        if ((!settings.SharedFolder && settings.Disk is null) || lab.Kernel.ModulesDirectory is null) return;
        var tree = await lab.Toolbox.ModulesAsync(lab.Kernel, cancel).ConfigureAwait(false);
        if (settings.Disk is not null && !tree.Has(DiskDriver)) throw new StepSkippedException($"{lab.Kernel.Name} ({lab.Kernel.Release}) has no {DiskDriver}, which a disk needs");
        string[] wanted = [.. settings.SharedFolder && s_shared.All(tree.Has) ? s_shared : [], .. settings.Disk is null ? [] : new[] { DiskDriver }];
        _modules = [.. wanted.Where(module => !tree.IsBuiltIn(module))];
        if (settings.Disk is not null) _fileSystems = tree.Closure(s_fileSystems.Where(tree.Has));
    }

    /// <summary>Adds it to what is to be booted.</summary>
    public BootSpec Into(BootSpec spec)
    {
        if (settings.SharedFolder) _shared = new SharedFolder(Path.Combine(runDirectory, SharedFolder.Name));
        return spec with { SharedFolder = _shared?.Path, Disk = settings.Disk, Modules = [.. spec.Modules, .. _fileSystems], Preloaded = [.. spec.Preloaded, .. _modules] };
    }

    /// <summary>The guest has a folder of its own in the place of the shared one, and <see cref="FetchAsync"/> is to be called at the end.</summary>
    public bool IsToFetch { get; private set; }

    /// <summary>Mounts it in the booted guest.</summary>
    public async Task MountAsync(GuestAgent guest, StepNotes notes, CancellationToken cancel)
    {
        if (settings.SharedFolder) await ShareAsync(guest, notes, cancel).ConfigureAwait(false);
        if (settings.Disk is { } disk) await EnterSystemAsync(disk, guest, notes, cancel).ConfigureAwait(false);
    }

    /// <summary>Fetches what is in the guest's own folder, while it lives.</summary>
    /// <exception cref="TestErrorException">It holds what cannot be kept.</exception>
    public Task FetchAsync(GuestAgent guest, CancellationToken cancel) => LimitedAsync(_shared!.FetchAsync(guest, SharedPath, cancel), "what the test put into the shared folder cannot be fetched", cancel);

    async Task ShareAsync(GuestAgent guest, StepNotes notes, CancellationToken cancel)
    {
        try
        {
            await guest.MountAsync(BootSpec.SharedTag, SharedPath, "9p", "trans=virtio,version=9p2000.L,msize=131072", cancellation: cancel).ConfigureAwait(false);
        }
        catch (GuestException)
        {
            IsToFetch = true;
            await guest.ExecuteAsync(["mkdir", "-p", SharedPath], cancellation: cancel).ConfigureAwait(false);
            notes.Show("no 9P over virtio here: what the test puts into the shared folder is fetched when it has ended");
        }
    }

    async Task EnterSystemAsync(DiskImage disk, GuestAgent guest, StepNotes notes, CancellationToken cancel)
    {
        foreach (var module in _fileSystems) await TryLoadAsync(guest, module, cancel).ConfigureAwait(false);
        await guest.WaitForPathAsync("/dev/vda", cancel).ConfigureAwait(false);
        var entering = guest.ExecuteAsync(["sh", "-c", EnterSystem], cancellation: cancel);
        await LimitedAsync(entering, $"the system on {disk.Path} cannot be entered", cancel).ConfigureAwait(false);
        var entered = await entering.ConfigureAwait(false);
        if (entered.ExitCode is not (0 or 4)) throw new TestErrorException(string.Create(CultureInfo.InvariantCulture, $"the system on {disk.Path} cannot be entered: {entered.Stderr.Trim()}"));
        SystemRoot = entered.Succeeded ? SystemPath : null;
        notes.Show($"{Path.GetFileName(disk.Path)} ({disk.Format}) is /dev/vda{(SystemRoot is null ? "; no system is on it" : ", and the scripts run in its system")}");
    }

    // A file system, or a program the test put in the place of the guest's own, may take for ever.
    static async Task LimitedAsync(Task work, string otherwise, CancellationToken cancel)
    {
        try
        {
            await work.WaitAsync(s_patience, cancel).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            throw new TestErrorException(string.Create(CultureInfo.InvariantCulture, $"{otherwise}: it has no end after {s_patience.TotalSeconds} s"));
        }
    }

    // Among what file systems want loaded first is arithmetic for processors this one is not.
    static async Task TryLoadAsync(GuestAgent guest, string module, CancellationToken cancel)
    {
        try
        {
            await guest.LoadModuleAsync(module, cancellation: cancel).ConfigureAwait(false);
        }
        catch (GuestException)
        {
            // What is really missing, the mount shows.
            return;
        }
    }

    /// <summary>Tidies up, when the machine has ended.</summary>
    public void Dispose() => _shared?.Dispose();
}
