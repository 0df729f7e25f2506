using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Understudy.Guest;
using Understudy.Toolchain;

namespace Understudy.Boards;

/// <summary>The saved guests of a cache. Each is named after everything that went into it; who needs one that is not there makes it, while
/// others who need the same wait.</summary>
sealed class GuestTemplates(QemuBoard board, UnderstudyCache cache)
{
    const string Shelf = "guests";
    const string State = "state";
    const string Stamp = "stamp";

    // Each takes as much of the disk as its guest has touched of its memory: 60 to 100 MB after a boot.
    const int MostKept = 16;

    // The last thing on the console before a guest is saved. At the highest level: it must be shown whatever the console's is.
    const string LastWords = "understudy-agent: saved here";
    static readonly TimeSpan s_quiet = TimeSpan.FromSeconds(2);

    /// <summary>The saved guest for a spec, made first where it is missing or damaged.</summary>
    /// <exception cref="BootFailedException">The guest to save did not come up.</exception>
    /// <exception cref="LabFailedException">QEMU failed, or cannot save.</exception>
    public async Task<GuestTemplate> EnsureAsync(BootSpec spec, int slots, CancellationToken cancel)
    {
        spec = spec with { MemoryDump = null };
        var initramfs = await board.InitramfsAsync(spec, cancel).ConfigureAwait(false);
        var entry = $"{Shelf}/{Key(spec, slots, initramfs)}";
        if (await FindAsync(spec, slots, initramfs, entry, cancel).ConfigureAwait(false) is { } whole) return whole;
        spec.OnNote?.Invoke("the saved guest is damaged and is made anew");
        await cache.DiscardAsync(entry, directory => StampOf(directory) is null, cancel).ConfigureAwait(false);
        return await FindAsync(spec, slots, initramfs, entry, cancel).ConfigureAwait(false)
            ?? throw new LabFailedException($"The guest saved in {Path.Combine(cache.Root, entry)} is damaged again as soon as it is made: look at that disk.");
    }

    /// <summary>Makes a saved guest anew that turned out to be of no use.</summary>
    /// <inheritdoc cref="EnsureAsync"/>
    public async Task<GuestTemplate> RenewAsync(GuestTemplate useless, CancellationToken cancel)
    {
        await cache.DiscardAsync(useless.Entry, directory => StampOf(directory) is not { } stamp || stamp == useless.Stamp, cancel).ConfigureAwait(false);
        return await EnsureAsync(useless.Spec, useless.Slots, cancel).ConfigureAwait(false);
    }

    async Task<GuestTemplate?> FindAsync(BootSpec spec, int slots, Initramfs initramfs, string entry, CancellationToken cancel)
    {
        var made = false;
        var directory = await cache.EntryAsync(entry, async draft =>
        {
            spec.OnNote?.Invoke($"a guest with {spec.Kernel.Name} is booted once, to be saved");
            await MakeAsync(spec, slots, initramfs, draft, cancel).ConfigureAwait(false);
            made = true;
        }, cancel, () => spec.OnNote?.Invoke("another run is saving the same guest; waiting for it")).ConfigureAwait(false);
        if (made) cache.Trim(Shelf, MostKept);
        else Directory.SetLastWriteTimeUtc(directory, DateTime.UtcNow);
        return StampOf(directory) is { } stamp ? new GuestTemplate(spec, slots, entry, Path.Combine(directory, State), stamp) : null;
    }

    // What tells one saving from another, and with it whether the file is still as it was saved: QEMU itself checks no more than its beginning.
    static string? StampOf(string directory)
    {
        var (state, stamp) = (new FileInfo(Path.Combine(directory, State)), Path.Combine(directory, Stamp));
        return state.Exists && File.Exists(stamp) && File.ReadAllText(stamp) is var words && words.EndsWith(Measure(state), StringComparison.Ordinal) ? words : null;
    }

    static string Measure(FileInfo state) => string.Create(CultureInfo.InvariantCulture, $" {state.Length} {state.LastWriteTimeUtc.Ticks}");

    async Task MakeAsync(BootSpec spec, int slots, Initramfs initramfs, string draft, CancellationToken cancel)
    {
        using var sockets = new SocketDirectory();
        var (archive, state) = (sockets["initramfs"], Path.Combine(draft, State));
        initramfs.WriteTo(archive);
        var console = new SerialConsole();
        await using var session = new QemuSession(board.Qemu, sockets, console);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(spec.BootLimit);
        try
        {
            var launch = board.Launch(sockets, slots) with { Initramfs = archive, TscKilohertz = board.TscKilohertz };
            await session.StartAsync(QemuCommandLine.For(spec, launch), null, limit.Token).ConfigureAwait(false);
            var guest = session.Guest!;
            board.LearnTscFrequency(guest);
            await session.WhileRunningAsync(GuestSoftware.PreloadAsync(guest, spec, limit.Token), limit.Token).ConfigureAwait(false);
            await session.WhileRunningAsync(FallSilentAsync(guest, console, limit.Token), limit.Token).ConfigureAwait(false);
            await session.SaveAsync(state, limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw await session.HungAsync("agent, or no saved guest,", spec.BootLimit).ConfigureAwait(false);
        }
        using (var written = new FileStream(state, FileMode.Open, FileAccess.ReadWrite)) written.Flush(flushToDisk: true);
        File.SetUnixFileMode(state, UnixFileMode.UserRead);
        await File.WriteAllTextAsync(Path.Combine(draft, Stamp), $"{Guid.NewGuid():N}{Measure(new FileInfo(state))}", cancel).ConfigureAwait(false);
    }

    // What is still on its way to console and log would come out of every guest that continues from here; a console may also be caught in
    // the middle of a byte. Where the console does not talk at all, there is nothing to wait for.
    static async Task FallSilentAsync(GuestAgent guest, SerialConsole console, CancellationToken cancel)
    {
        var shown = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        console.Received = (_, _) =>
        {
            if (console.Tail.Contains($"{LastWords}\r\n", StringComparison.Ordinal)) shown.TrySetResult();
        };
        await guest.ExecuteAsync(["sh", "-c", $"echo '<0>{LastWords}' > /dev/kmsg"], cancellation: cancel).ConfigureAwait(false);
        await guest.KernelLog.SeesAsync(LastWords, s_quiet, cancellation: cancel).ConfigureAwait(false);
        try
        {
            await shown.Task.WaitAsync(s_quiet, cancel).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            return;
        }
    }

    // Which directory is shared, a guest does not know before it mounts it.
    static BootSpec Alike(BootSpec spec) => spec.SharedFolder is null ? spec : spec with { SharedFolder = "" };

    // The boot of the host counts too: a guest's clock is set to the frequency that host's counter had when the guest booted.
    string Key(BootSpec spec, int slots, Initramfs initramfs)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var launch = new QemuLaunch(board.Accelerator, board.Qemu.FirmwarePath("qboot.rom"), "", slots) { Initramfs = "" };
        string[] words =
        [
            HostBoot.Id, board.Qemu.Origin, board.Qemu.Version, board.Qemu.Executable, spec.Kernel.Sha256,
            .. QemuCommandLine.For(Alike(spec), launch), "preloaded", .. spec.Preloaded,
        ];
        foreach (var word in words) hash.AppendData(Encoding.UTF8.GetBytes($"{word}\0"));
        foreach (var file in (IEnumerable<string>)[initramfs.AgentPath, initramfs.BusyboxPath!, .. initramfs.BootModules, "", .. initramfs.Modules])
        {
            hash.AppendData(Encoding.UTF8.GetBytes($"{Path.GetFileName(file)}\0"));
            if (file.Length > 0) hash.AppendData(ContentHash.Of(file));
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset())[..16];
    }
}
