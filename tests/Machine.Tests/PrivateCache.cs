using Understudy.Toolchain;

namespace Understudy.Machine.Tests;

/// <summary>A cache that has all the common one has but saved guests, and that nobody else uses. It is gone when the test ends.</summary>
sealed class PrivateCache : IDisposable
{
    // What is made here: nothing of it may lie in the common one.
    static readonly string[] s_own = ["guests", "staging", "locks", "work"];

    readonly ScratchDirectory _home = new();

    PrivateCache()
    {
        Directory.CreateDirectory(Root);
        foreach (var entry in new DirectoryInfo(Bench.Toolbox.Cache.Root).EnumerateFileSystemInfos().Where(entry => !s_own.Contains(entry.Name)))
            if (entry is FileInfo file) file.CopyTo(Path.Combine(Root, file.Name));
            else Directory.CreateSymbolicLink(Path.Combine(Root, entry.Name), entry.FullName);
        Toolbox = new Toolbox(UnderstudyCache.Open(Root));
    }

    /// <summary>One for guests with a kernel; skips the test where the kernel cannot be had.</summary>
    public static async Task<PrivateCache> ForAsync(string kernel)
    {
        await Bench.LabAsync(kernel);
        return new PrivateCache();
    }

    /// <summary>What <c>XDG_CACHE_HOME</c> has to say.</summary>
    public string Home => _home.Path;

    public Toolbox Toolbox { get; }

    /// <summary>The directories that are not shared with the common cache.</summary>
    public IEnumerable<string> Places => s_own.Select(name => Path.Combine(Root, name));

    public IReadOnlyList<string> Guests => Entries("guests");

    public IReadOnlyList<string> Drafts => Entries("staging");

    public void Dispose() => _home.Dispose();

    string Root => _home["understudy"];

    string[] Entries(string shelf) => Directory.Exists(Path.Combine(Root, shelf)) ? Directory.GetDirectories(Path.Combine(Root, shelf)) : [];
}
