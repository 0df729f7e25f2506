using Understudy.Toolchain;

namespace Understudy.Build;

/// <summary>A git repository whose history is walked. It is only read: commits are unpacked into the cache.</summary>
public sealed class GitRepository
{
    const string Shelf = "commits";
    const int MostCommits = 12;

    readonly UnderstudyCache _cache;

    GitRepository(UnderstudyCache cache, string root) => (_cache, Root) = (cache, root);

    /// <summary>The directory its working tree begins at.</summary>
    public string Root { get; }

    /// <summary>It is a kernel's: what is tested is built from it as a whole.</summary>
    public bool IsKernel => File.Exists(Path.Combine(Root, "Kconfig")) && Directory.Exists(Path.Combine(Root, "arch"));

    /// <summary>The repository a directory belongs to.</summary>
    /// <exception cref="ToolchainException">It belongs to none, or there is no git.</exception>
    public static async Task<GitRepository> OfAsync(UnderstudyCache cache, string directory, CancellationToken cancel = default)
    {
        var (code, output, _) = Directory.Exists(directory) ? await HostTool.TryAsync("git", ["-C", directory, "rev-parse", "--show-toplevel"], "/", cancel).ConfigureAwait(false) : (1, "", "");
        return code == 0 ? new GitRepository(cache, output.Trim())
            : throw new ToolchainException(ToolchainProblem.UnknownName, $"{directory} is in no git repository: there is no history to walk.");
    }

    /// <summary>The commit a name means.</summary>
    /// <exception cref="ToolchainException">There is none of that name.</exception>
    public async Task<string> ResolveAsync(string reference, CancellationToken cancel = default)
    {
        var (code, output, _) = await GitAsync(["rev-parse", "--verify", "--quiet", $"{reference}^{{commit}}"], cancel).ConfigureAwait(false);
        return code == 0 ? output.Trim() : throw new ToolchainException(ToolchainProblem.UnknownName, $"{Root} has no commit, branch or tag '{reference}'.");
    }

    /// <summary>The commits that may be the first bad one, those that halve what is left first; the last is <paramref name="bad"/> itself.</summary>
    public async Task<IReadOnlyList<string>> CandidatesAsync(string bad, IEnumerable<string> goods, CancellationToken cancel = default)
    {
        var (_, output, _) = await GitAsync(["rev-list", "--bisect-all", bad, .. goods.Select(good => $"^{good}")], cancel).ConfigureAwait(false);
        return [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(' ')[0])];
    }

    /// <summary>Whether <paramref name="earlier"/> is in the history of <paramref name="later"/>.</summary>
    public async Task<bool> IsAncestorAsync(string earlier, string later, CancellationToken cancel = default) =>
        (await GitAsync(["merge-base", "--is-ancestor", earlier, later], cancel).ConfigureAwait(false)).ExitCode == 0;

    /// <summary>Short hash, author's date, author and subject of a commit, in a line.</summary>
    public async Task<string> DescribeAsync(string commit, CancellationToken cancel = default) =>
        (await GitAsync(["show", "--no-patch", "--date=short", "--format=%h %ad %an: %s", commit], cancel).ConfigureAwait(false)).Output.Trim();

    /// <summary>The sources of a commit, unpacked in the cache, which keeps those that were used last.</summary>
    public Task<string> UnpackAsync(string commit, CancellationToken cancel = default) => UnpackAsync(_cache, Root, commit, cancel);

    internal static async Task<string> UnpackAsync(UnderstudyCache cache, string repository, string commit, CancellationToken cancel)
    {
        var entry = await cache.EntryAsync($"{Shelf}/{commit}", async staging =>
        {
            var archive = Path.Combine(staging, ".tar");
            await HostTool.RunAsync("git", ["-C", repository, "archive", "--format=tar", "-o", archive, commit], "/", $"reading {commit} of {repository}", cancel).ConfigureAwait(false);
            await HostTool.RunAsync("tar", ["-xf", archive, "-C", staging], "/", $"unpacking {commit}", cancel).ConfigureAwait(false);
            File.Delete(archive);
        }, cancel).ConfigureAwait(false);
        Directory.SetLastWriteTimeUtc(entry, DateTime.UtcNow);
        cache.Trim(Shelf, MostCommits);
        return entry;
    }

    Task<(int ExitCode, string Output, string Error)> GitAsync(IReadOnlyList<string> arguments, CancellationToken cancel) => HostTool.TryAsync("git", ["-C", Root, .. arguments], "/", cancel);
}
