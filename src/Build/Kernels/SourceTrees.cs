using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Understudy.Toolchain;

namespace Understudy.Build;

/// <summary>Finds or fetches the sources of kernels. A user's own tree is only read.</summary>
sealed partial class SourceTrees(Toolbox toolbox)
{
    const string Debian = "debian:";
    const int MostHashes = 100;
    const long SpaceForTree = 2L << 30;

    UnderstudyCache Cache => toolbox.Cache;

    /// <exception cref="ToolchainException">There is no such source, or it cannot be fetched.</exception>
    /// <exception cref="BuildFailedException">It is no kernel's, was built in place, or a patch does not fit.</exception>
    public async Task<SourceTree> OpenAsync(KernelRecipe recipe, Action<string> says, CancellationToken cancel)
    {
        var tree = await UnpatchedAsync(recipe, says, cancel).ConfigureAwait(false);
        if (!File.Exists(Path.Combine(tree.Directory, "Kconfig")) || !Directory.Exists(Path.Combine(tree.Directory, "arch")))
            throw new BuildFailedException($"{recipe.Source} holds no kernel: there is no Kconfig and no arch/ in {tree.Directory}.");
        return recipe.Patches.Count == 0 ? tree : await PatchedAsync(tree, recipe.Patches, says, cancel).ConfigureAwait(false);
    }

    async Task<SourceTree> UnpatchedAsync(KernelRecipe recipe, Action<string> says, CancellationToken cancel)
    {
        var source = recipe.Source;
        if (source.StartsWith(Debian, StringComparison.Ordinal)) return await DebiansAsync(source[Debian.Length..], cancel).ConfigureAwait(false);
        if (Directory.Exists(source) && recipe.Ref is null) return await OwnAsync(Path.TrimEndingDirectorySeparator(Path.GetFullPath(source)), cancel).ConfigureAwait(false);
        if (Directory.Exists(source) || Url().IsMatch(source)) return await CommitAsync(source, recipe.Ref ?? "HEAD", says, cancel).ConfigureAwait(false);
        if (File.Exists(source)) return await TarballAsync(Path.GetFullPath(source), says, cancel).ConfigureAwait(false);
        var profile = Profile.All.Any(one => one.Name == source.Split('/')[0]) ? $" There is a profile of that name: --profile {source}." : "";
        throw new ToolchainException(ToolchainProblem.UnknownName, $"There is no kernel source '{source}': it is no directory, no tarball, no URL of a git repository, and not of the form debian:7.2.{profile}");
    }

    async Task<SourceTree> DebiansAsync(string series, CancellationToken cancel)
    {
        Cache.RequireSpace(SpaceForTree, $"the source of Debian's {series}");
        var (directory, version) = await toolbox.KernelSourceAsync(series, cancel).ConfigureAwait(false);
        return new SourceTree(directory, $"linux-source-{series}={version}", new Dictionary<string, string>());
    }

    // Reading every file of a tree takes seconds, looking at their times a fraction of one: what was read at those times is remembered.
    async Task<SourceTree> OwnAsync(string directory, CancellationToken cancel)
    {
        if (File.Exists(Path.Combine(directory, ".config")) || Directory.Exists(Path.Combine(directory, "include/config")))
            throw new BuildFailedException($"{directory} was built or configured in place, which hides its sources from a build beside it. Run 'make mrproper' there, or give --ref HEAD where it is a git repository.");
        var files = Files(directory);
        var looks = Hash(files.Select(file => $"{file.FullName} {file.Length} {file.LastWriteTimeUtc.Ticks}"));
        var remembered = await Cache.EntryAsync($"tree-hashes/{looks}", async staging =>
        {
            var hashes = new string[files.Count];
            Parallel.For(0, files.Count, new ParallelOptions { CancellationToken = cancel }, index => hashes[index] = $"{Path.GetRelativePath(directory, files[index].FullName)} {Contents(files[index])}");
            await File.WriteAllTextAsync(Path.Combine(staging, "hash"), Hash(hashes), cancel).ConfigureAwait(false);
        }, cancel).ConfigureAwait(false);
        Cache.Trim("tree-hashes", MostHashes);
        return new SourceTree(directory, await File.ReadAllTextAsync(Path.Combine(remembered, "hash"), cancel).ConfigureAwait(false), await FactsAsync(directory, cancel).ConfigureAwait(false));
    }

    static string Contents(FileInfo file)
    {
        if (file.LinkTarget is { } target) return target;
        using var stream = file.OpenRead();
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }

    static List<FileInfo> Files(string directory)
    {
        var options = new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 };
        var files = new System.IO.Enumeration.FileSystemEnumerable<FileInfo>(directory, (ref System.IO.Enumeration.FileSystemEntry entry) => (FileInfo)entry.ToFileSystemInfo(), options)
        {
            ShouldIncludePredicate = (ref System.IO.Enumeration.FileSystemEntry entry) => !entry.IsDirectory,
            ShouldRecursePredicate = (ref System.IO.Enumeration.FileSystemEntry entry) => entry.FileName is not ".git" && (entry.Attributes & FileAttributes.ReparsePoint) == 0,
        };
        return [.. files.OrderBy(file => file.FullName, StringComparer.Ordinal)];
    }

    async Task<SourceTree> CommitAsync(string source, string reference, Action<string> says, CancellationToken cancel)
    {
        var isLocal = Directory.Exists(source);
        var repository = isLocal ? Path.GetFullPath(source) : await FetchAsync(source, reference, says, cancel).ConfigureAwait(false);
        var (code, output, _) = await HostTool.TryAsync("git", ["-C", repository, "rev-parse", "--verify", "--quiet", isLocal ? $"{reference}^{{commit}}" : "FETCH_HEAD^{commit}"], "/", cancel).ConfigureAwait(false);
        if (code != 0) throw new ToolchainException(ToolchainProblem.UnknownName, $"{source} has no commit, branch or tag '{reference}'.");
        var commit = output.Trim();
        Cache.RequireSpace(SpaceForTree, $"the sources of {reference}");
        says($"unpacking {reference} ({commit[..12]})");
        var entry = await GitRepository.UnpackAsync(Cache, repository, commit, cancel).ConfigureAwait(false);
        return new SourceTree(entry, commit, new Dictionary<string, string> { ["git_commit"] = commit, ["git_url"] = source, ["git_branch"] = reference });
    }

    async Task<string> FetchAsync(string url, string reference, Action<string> says, CancellationToken cancel)
    {
        var repository = Cache.PathOf("git", Hash([url]));
        using var held = await Cache.LockAsync($"git/{Hash([url])}", cancel).ConfigureAwait(false);
        if (!Directory.Exists(repository)) await HostTool.RunAsync("git", ["init", "--quiet", "--bare", repository], "/", "making a repository in the cache", cancel).ConfigureAwait(false);
        says($"fetching {reference} of {url}");
        await HostTool.RunAsync("git", ["-C", repository, "fetch", "--quiet", "--depth", "1", url, reference], "/", $"fetching '{reference}' of {url}", cancel).ConfigureAwait(false);
        return repository;
    }

    async Task<SourceTree> TarballAsync(string tarball, Action<string> says, CancellationToken cancel)
    {
        using var stream = File.OpenRead(tarball);
        var hash = Convert.ToHexStringLower(await SHA256.HashDataAsync(stream, cancel).ConfigureAwait(false));
        var entry = await Cache.EntryAsync($"sources/tar-{hash[..16]}", async staging =>
        {
            Cache.RequireSpace(SpaceForTree, $"unpacking {tarball}");
            says($"unpacking {Path.GetFileName(tarball)}");
            await HostTool.RunAsync("tar", ["-xf", tarball, "-C", staging], "/", $"unpacking {tarball}", cancel).ConfigureAwait(false);
        }, cancel).ConfigureAwait(false);
        var inner = Directory.GetDirectories(entry) is [var only] && !File.Exists(Path.Combine(entry, "Makefile")) ? only : entry;
        return new SourceTree(inner, hash, new Dictionary<string, string>());
    }

    async Task<SourceTree> PatchedAsync(SourceTree tree, IReadOnlyList<string> patches, Action<string> says, CancellationToken cancel)
    {
        var missing = patches.FirstOrDefault(patch => !File.Exists(patch));
        if (missing is not null) throw new ToolchainException(ToolchainProblem.BadFile, $"There is no patch {missing}.");
        var id = Hash([tree.Id, .. patches.Select(patch => Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(patch))))]);
        var entry = await Cache.EntryAsync($"sources/patched-{id}", async staging =>
        {
            says($"applying {patches.Count} patches");
            // Names of the same files do for sources of the cache, which nothing writes to: patch makes a new file of what it changes.
            string[] copy = tree.Directory.StartsWith(Cache.Root, StringComparison.Ordinal) ? ["-al"] : ["-a", "--reflink=auto"];
            await HostTool.RunAsync("cp", [.. copy, tree.Directory, Path.Combine(staging, "linux")], "/", "copying the sources", cancel).ConfigureAwait(false);
            var program = HostTool.Has("patch") ? "patch" : Path.Combine(await toolbox.ProgramsAsync(["patch"], cancel).ConfigureAwait(false), "usr/bin/patch");
            foreach (var patch in patches)
            {
                var (code, output, error) = await HostTool.TryAsync(program, ["-p1", "--force", "--no-backup-if-mismatch", "-i", Path.GetFullPath(patch)], Path.Combine(staging, "linux"), cancel).ConfigureAwait(false);
                if (code != 0) throw new BuildFailedException($"{patch} does not fit the sources: {string.Join(" / ", (output + error).Split('\n', StringSplitOptions.RemoveEmptyEntries).TakeLast(4))}");
            }
        }, cancel).ConfigureAwait(false);
        return new SourceTree(Path.Combine(entry, "linux"), id, tree.Facts);
    }

    static async Task<IReadOnlyDictionary<string, string>> FactsAsync(string directory, CancellationToken cancel)
    {
        var facts = new Dictionary<string, string>();
        if (!HostTool.Has("git") || !Path.Exists(Path.Combine(directory, ".git"))) return facts;
        (string Name, string[] Command)[] questions = [("git_commit", ["rev-parse", "HEAD"]), ("git_describe", ["describe", "--tags"]), ("git_branch", ["symbolic-ref", "--short", "HEAD"]), ("git_url", ["remote", "get-url", "origin"])];
        foreach (var (name, command) in questions)
            if (await HostTool.TryAsync("git", ["-C", directory, .. command], "/", cancel).ConfigureAwait(false) is (0, var output, _)) facts[name] = output.Trim();
        return facts;
    }

    /// <summary>A name for what is told by these lines, as long as no other has it.</summary>
    internal static string Hash(IEnumerable<string> lines) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', lines))))[..24];

    [GeneratedRegex(@"^(https?|git|ssh|file)://|^[\w.-]+@[\w.-]+:|\.git$")]
    private static partial Regex Url();
}
