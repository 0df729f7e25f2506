using System.Globalization;
using System.IO.Enumeration;
using Understudy.Guest;
using Understudy.Verdict;

namespace Understudy.Runner.Suites;

/// <summary>A directory that a guest writes to while its test runs. It is the guest's to fill, but not to fill the host's disk.</summary>
sealed class SharedFolder : IDisposable
{
    /// <summary>Its name in the run directory.</summary>
    public const string Name = "shared";

    const long Limit = 1L << 30, OfAnEntry = 4096;

    const int MostNames = 1 << 20;

    // Where QEMU keeps what the guest says of owners and modes (security_model=mapped-file).
    const string Metadata = ".virtfs_metadata";

    static readonly TimeSpan s_period = TimeSpan.FromMilliseconds(250);

    readonly CancellationTokenSource _over = new();
    readonly TaskCompletionSource<string> _overflow = new(TaskCreationOptions.RunContinuationsAsynchronously);
    readonly long _limit;
    readonly Task _watching;
    bool _disposed;

    /// <summary>Makes it, and watches it from now on.</summary>
    public SharedFolder(string path, long limit = Limit)
    {
        (Path, _limit) = (path, limit);
        Directory.CreateDirectory(path);
        _watching = WatchAsync();
    }

    public string Path { get; }

    /// <summary>Completes, with the reason, when there is more in it than is kept.</summary>
    public Task<string> Overflow => _overflow.Task;

    /// <summary>Fills it with what a guest has in a folder of its own.</summary>
    /// <exception cref="TestErrorException">There is too much, or a name we cannot have.</exception>
    public async Task FetchAsync(GuestAgent guest, string folder, CancellationToken cancel)
    {
        var found = await guest.ExecuteAsync(["find", folder, "-type", "f"], new CommandOptions { OutputLimit = MostNames }, cancellation: cancel).ConfigureAwait(false);
        var left = _limit;
        foreach (var name in found.Stdout.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            // The guest may say anything here.
            var file = System.IO.Path.GetFullPath(System.IO.Path.GetRelativePath(folder, name), Path);
            if (!file.StartsWith($"{Path}/", StringComparison.Ordinal) || name.Any(c => char.IsControl(c) || c == '\uFFFD')) throw new TestErrorException("the guest has files in the shared folder whose names are not UTF-8, or hold control characters");
            left -= await PullAsync(guest, name, file, left, cancel).ConfigureAwait(false);
        }
    }

    static async Task<long> PullAsync(GuestAgent guest, string name, string file, long limit, CancellationToken cancel)
    {
        try
        {
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(file)!);
            await using var content = new FileStream(file, FileMode.Create);
            return await guest.PullAsync(name, content, limit, cancel).ConfigureAwait(false);
        }
        catch (Exception odd) when (odd is GuestException || (odd is IOException io && !RunDirectoryFullException.Describes(io)))
        {
            throw new TestErrorException($"what the test put into the shared folder cannot be fetched: {odd.Message}");
        }
    }

    /// <summary>Takes out what is not the guest's; an empty folder does not stay.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, true)) return;
        _over.Cancel();
        _watching.Wait();
        _over.Dispose();
        try
        {
            foreach (var metadata in Directory.EnumerateDirectories(Path, Metadata, SearchOption.AllDirectories).ToList()) Directory.Delete(metadata, recursive: true);
            if (!Directory.EnumerateFileSystemEntries(Path).Any()) Directory.Delete(Path);
        }
        catch (Exception odd) when (odd is IOException or UnauthorizedAccessException)
        {
            // Names that cannot be said, or somebody who deletes with us: what is left is only untidy.
            return;
        }
    }

    async Task WatchAsync()
    {
        using var timer = new PeriodicTimer(s_period);
        try
        {
            while (!_overflow.Task.IsCompleted && await timer.WaitForNextTickAsync(_over.Token).ConfigureAwait(false)) Look();
        }
        catch (OperationCanceledException)
        {
            // The machine has ended.
            return;
        }
    }

    void Look()
    {
        try
        {
            long bytes = 0;
            foreach (var (name, length) in Entries())
            {
                bytes += length + OfAnEntry;
                // A name we cannot say is a file we cannot measure, show or delete.
                if (name.Contains('\uFFFD', StringComparison.Ordinal)) _overflow.TrySetResult("the guest made a file in the shared folder whose name is not UTF-8");
            }
            if (bytes > _limit) _overflow.TrySetResult(string.Create(CultureInfo.InvariantCulture, $"the guest wrote more than {_limit >> 20} MiB into the shared folder"));
        }
        catch (IOException)
        {
            // Something went while we looked; the next look is soon.
            return;
        }
    }

    FileSystemEnumerable<(string Name, long Length)> Entries()
        => new(Path, (ref FileSystemEntry entry) => (entry.FileName.ToString(), entry.IsDirectory ? 0 : entry.Length),
            new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = true, AttributesToSkip = FileAttributes.None });
}
