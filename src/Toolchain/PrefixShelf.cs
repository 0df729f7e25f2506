using System.Security.Cryptography;
using System.Text;

namespace Understudy.Toolchain;

/// <summary>What goes into a prefix: packages with all they need, packages taken alone, and the package whose version names it.</summary>
sealed record PrefixRecipe(string Name, string Title, IReadOnlyList<string> WithDependencies, IReadOnlyList<string> Alone, string Leading, string? TargetRelease)
{
    /// <summary>Given the directory the packages are unpacked in and the one they will be found in, puts them in order.</summary>
    public Action<string, string>? Arrange { get; init; }
}

/// <summary>Makes prefixes and finds the ones made before; each set of package versions is its own entry.</summary>
sealed class PrefixShelf(UnderstudyCache cache, PrivateApt apt)
{
    // Documentation, translations and manual pages are not run.
    static readonly string[] Unneeded = ["usr/share/doc", "usr/share/man", "usr/share/locale", "usr/share/info", "usr/share/lintian"];

    /// <summary>The prefix in use, found by reading one small file; null when none was made yet.</summary>
    public Prefix? InUse(PrefixRecipe recipe)
    {
        var stamp = CacheJson.Read(StampPath(recipe), CacheJson.Default.PrefixStamp);
        return stamp is not null && Directory.Exists(cache.PathOf(Entry(recipe, stamp))) ? new Prefix(cache.PathOf(Entry(recipe, stamp)), stamp) : null;
    }

    public async Task<Prefix> EnsureAsync(PrefixRecipe recipe, Provisioning step, CancellationToken cancel) =>
        InUse(recipe) ?? await RefreshAsync(recipe, step, cancel).ConfigureAwait(false);

    /// <summary>Provides what the package lists hold now. Earlier versions stay, for runs that are using them.</summary>
    public Task<Prefix> RefreshAsync(PrefixRecipe recipe, Provisioning step, CancellationToken cancel) =>
        apt.WithListsAsync(() => MakeAsync(recipe, step, cancel), step, cancel);

    async Task<Prefix> MakeAsync(PrefixRecipe recipe, Provisioning step, CancellationToken cancel)
    {
        IReadOnlyList<DebianPackage> packages = recipe.WithDependencies.Count > 0 ? await apt.PlanAsync(recipe.WithDependencies, recipe.TargetRelease, step, cancel).ConfigureAwait(false) : [];
        if (recipe.Alone.Count > 0) packages = [.. packages, .. await apt.PlanAloneAsync(recipe.Alone, step, cancel).ConfigureAwait(false)];

        var stamp = Stamp(recipe, packages);
        var path = await cache.EntryAsync(Entry(recipe, stamp), staging => apt.FetchAsync(packages, step, async debs =>
        {
            step.Says($"unpacking {debs.Count} packages");
            await Prefix.UnpackAsync(debs, staging, cancel).ConfigureAwait(false);
            foreach (var path in Unneeded.Select(path => Path.Combine(staging, path)).Where(Directory.Exists)) Directory.Delete(path, recursive: true);
            recipe.Arrange?.Invoke(staging, cache.PathOf(Entry(recipe, stamp)));
        }, cancel), cancel, step.Waits).ConfigureAwait(false);
        CacheJson.Write(cache, StampPath(recipe), stamp, CacheJson.Default.PrefixStamp);
        return new Prefix(path, stamp);
    }

    static PrefixStamp Stamp(PrefixRecipe recipe, IReadOnlyList<DebianPackage> packages)
    {
        var specs = packages.Select(package => package.Spec).Order(StringComparer.Ordinal).ToList();
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', specs))))[..12];
        var version = packages.First(package => package.Name == recipe.Leading).Version;
        return new PrefixStamp($"{Plain(version)}-{hash}", version, specs);
    }

    // Epochs have colons, which a library path cannot carry.
    static string Plain(string version) => version[(version.IndexOf(':', StringComparison.Ordinal) + 1)..].Replace('~', '-');

    string StampPath(PrefixRecipe recipe) => cache.PathOf("prefixes", $"{recipe.Name}.json");

    static string Entry(PrefixRecipe recipe, PrefixStamp stamp) => $"prefixes/{recipe.Name}-{stamp.Key}";
}
