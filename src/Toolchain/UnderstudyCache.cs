using System.Buffers;

namespace Understudy.Toolchain;

/// <summary>
/// The private directory that holds everything fetched or made: <c>$XDG_CACHE_HOME/understudy</c>, by default
/// <c>~/.cache/understudy</c>. Entries appear whole or not at all, and several processes may share one cache.
/// Deleting the directory is always safe while no run is using it.
/// </summary>
public sealed class UnderstudyCache
{
    static readonly TimeSpan LockPollInterval = TimeSpan.FromMilliseconds(50);

    static readonly SearchValues<char> Unusable = SearchValues.Create(" \t\n\":;,");

    UnderstudyCache(string root) => Root = root;

    /// <summary>Absolute path of the cache.</summary>
    public string Root { get; }

    /// <summary>Opens the cache, making the directory when it is not there.</summary>
    /// <param name="root">Where it lives; by default as the XDG base directory specification says.</param>
    /// <exception cref="ToolchainException">The directory cannot be made or written, or its path has a character that apt, the dynamic
    /// loader or a package list cannot carry (white space, quotes, colons).</exception>
    public static UnderstudyCache Open(string? root = null)
    {
        root = Path.GetFullPath(root ?? DefaultRoot());
        if (root.AsSpan().ContainsAny(Unusable))
            throw new ToolchainException(ToolchainProblem.BadFile,
                $"The cache cannot live in '{root}': a white space, quote, colon, semicolon or comma in its path breaks the dynamic loader and apt. " +
                "Set XDG_CACHE_HOME to a path without these.");
        try
        {
            Directory.CreateDirectory(Path.Combine(root, "locks"));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new ToolchainException(ToolchainProblem.BadFile,
                $"The cache directory {root} cannot be made ({failure.Message}). Set XDG_CACHE_HOME to a directory you may write.", failure);
        }
        return new UnderstudyCache(root);
    }

    static string DefaultRoot()
    {
        var xdg = Environment.GetEnvironmentVariable("XDG_CACHE_HOME");
        var caches = Path.IsPathRooted(xdg) ? xdg : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache");
        return Path.Combine(caches, "understudy");
    }

    /// <summary>A path in the cache.</summary>
    public string PathOf(params ReadOnlySpan<string> parts) => Path.Combine([Root, .. parts]);

    /// <summary>Refuses to begin what would fill the disk: half-way through, programs fail in odd ways or hang.</summary>
    /// <param name="bytes">What it will take.</param>
    /// <param name="doing">What it is, for the error.</param>
    /// <exception cref="ToolchainException">There is less space than that.</exception>
    public void RequireSpace(long bytes, string doing)
    {
        var free = new DriveInfo(Root).AvailableFreeSpace;
        if (free < bytes) throw ToolchainException.NoSpace(Root, doing, bytes, free);
    }

    /// <summary>Takes the lock of one resource, over all processes. It is given back by disposing of it, or by the end of the process.</summary>
    /// <param name="resource">Its name.</param>
    /// <param name="cancel">Gives up waiting.</param>
    /// <param name="waiting">Called once when another one holds it.</param>
    public async Task<IDisposable> LockAsync(string resource, CancellationToken cancel, Action? waiting = null)
    {
        var path = PathOf("locks", resource.Replace('/', '_'));
        if (TryLock(path) is { } free) return free;
        waiting?.Invoke();
        using var poll = new PeriodicTimer(LockPollInterval);
        while (await poll.WaitForNextTickAsync(cancel).ConfigureAwait(false))
            if (TryLock(path) is { } freed) return freed;
        throw new OperationCanceledException(cancel);
    }

    // FileShare.None is flock(2): released by the kernel however its holder dies. A file we may not open is an error, not a held lock.
    static FileStream? TryLock(string path)
    {
        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
        }
        catch (IOException failure) when (failure.GetType() == typeof(IOException) && !ToolchainException.IsDiskFull(failure))
        {
            return null;
        }
    }

    /// <summary>
    /// The path of an entry, made by <paramref name="fill"/> in a staging directory and renamed into place when it is not there yet.
    /// An entry that exists is returned without a lock.
    /// </summary>
    /// <param name="entry">Its name: a shelf, a slash, and what tells it from others on that shelf.</param>
    /// <param name="fill">Makes it, in the directory it is given.</param>
    /// <param name="cancel">Gives up waiting for another process that makes it.</param>
    /// <param name="waiting">Called once when another process is making it.</param>
    public async Task<string> EntryAsync(
        string entry, Func<string, Task> fill, CancellationToken cancel, Action? waiting = null)
    {
        var path = PathOf(entry);
        if (Directory.Exists(path)) return path;
        using var held = await LockAsync(entry, cancel, waiting).ConfigureAwait(false);
        if (Directory.Exists(path)) return path;

        var staging = PathOf("staging", entry.Replace('/', '_'));
        DeleteTree(staging);
        try
        {
            Directory.CreateDirectory(staging);
            await fill(staging).ConfigureAwait(false);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            Directory.Move(staging, path);
            return path;
        }
        catch (IOException failure) when (ToolchainException.IsDiskFull(failure))
        {
            throw ToolchainException.DiskFull(Root, $"making {entry}", failure);
        }
        finally
        {
            DeleteTree(staging);
        }
    }

    /// <summary>Removes an entry that turned out to be of no use, so that the next who asks makes it anew. Who still reads it is not disturbed.</summary>
    /// <param name="entry">Its name.</param>
    /// <param name="isIt">Whether the entry in this directory is the one meant: another process may have made it anew already.</param>
    /// <param name="cancel">Gives up waiting for another process that makes it.</param>
    public async Task DiscardAsync(string entry, Func<string, bool> isIt, CancellationToken cancel)
    {
        var path = PathOf(entry);
        using var held = await LockAsync(entry, cancel).ConfigureAwait(false);
        if (Directory.Exists(path) && isIt(path)) Discard(path);
    }

    /// <summary>Keeps a shelf from growing without end: removes the entries that were used longest ago, by the time of their directories, and
    /// what processes that were killed have left half made. An entry that somebody holds the lock of stays.</summary>
    /// <param name="shelf">The part of the entries' names before the slash.</param>
    /// <param name="most">How many entries stay.</param>
    public void Trim(string shelf, int most)
    {
        var entries = new DirectoryInfo(PathOf(shelf));
        if (!entries.Exists) return;
        Directory.CreateDirectory(PathOf("staging"));
        foreach (var old in entries.EnumerateDirectories().OrderByDescending(entry => entry.LastWriteTimeUtc).Skip(most))
        {
            using var free = TryLock(PathOf("locks", $"{shelf}_{old.Name}"));
            if (free is not null) Discard(old.FullName);
        }
        foreach (var draft in Directory.EnumerateDirectories(PathOf("staging"), $"{shelf}_*"))
        {
            using var held = TryLock(PathOf("locks", Path.GetFileName(draft)));
            if (held is not null) DeleteTree(draft);
        }
    }

    // Out of everybody's sight in one step; two may be at it.
    void Discard(string path)
    {
        Directory.CreateDirectory(PathOf("staging"));
        var doomed = PathOf("staging", $"doomed-{Guid.NewGuid():N}");
        try
        {
            Directory.Move(path, doomed);
        }
        catch (DirectoryNotFoundException)
        {
            return;
        }
        DeleteTree(doomed);
    }

    /// <summary>Replaces a small file in one step, so that a reader sees the old text or the new one.</summary>
    internal void WriteWhole(string path, ReadOnlySpan<byte> content)
    {
        var fresh = $"{path}.{Guid.NewGuid():N}";
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllBytes(fresh, content);
            File.Move(fresh, path, overwrite: true);
        }
        catch (IOException failure) when (ToolchainException.IsDiskFull(failure))
        {
            throw ToolchainException.DiskFull(Root, $"writing {Path.GetFileName(path)}", failure);
        }
        finally
        {
            File.Delete(fresh);
        }
    }

    static void DeleteTree(string path)
    {
        if (Directory.Exists(path)) Directory.Delete(path, recursive: true);
    }
}
