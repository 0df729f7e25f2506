using System.Security.Cryptography;
using System.Text;

namespace Understudy.Toolchain;

/// <summary>Makes Debian user spaces and finds the ones made before. One that was made stays as it is, whatever the mirror has since.</summary>
/// <param name="cache">Where they are kept.</param>
/// <param name="apt">Chooses and fetches packages.</param>
/// <param name="fileSystemTools">The directory that mke2fs is unpacked in.</param>
sealed class RootShelf(UnderstudyCache cache, PrivateApt apt, Func<CancellationToken, Task<string>> fileSystemTools)
{
    public const string Shelf = "roots", ImageName = "root.ext4";
    public const int MostKept = 12;

    // Beside the packages: room for who works in it. The file has holes there.
    public const long Room = 2L << 30, PerFile = 4096;

    const string Format = "1", TarName = "root.tar";

    // What dpkg calls essential, and with it what a shell script expects.
    static readonly string[] s_base =
    [
        "base-files", "base-passwd", "bash", "coreutils", "dash", "debianutils", "diffutils", "dpkg", "findutils", "grep", "gzip", "hostname",
        "libc-bin", "login", "mawk", "ncurses-base", "perl-base", "sed", "sysvinit-utils", "tar", "util-linux",
    ];

    public async Task<DebianRoot> EnsureAsync(RootRequest request, Provisioning step, CancellationToken cancel)
    {
        var name = $"{request.Distribution.Name.Replace(':', '-')}-{Hash([Format, .. request.Packages.Order(StringComparer.Ordinal), .. request.Pretended])}";
        var stampPath = cache.PathOf(Shelf, $"{name}.json");
        if (CacheJson.Read(stampPath, CacheJson.Default.PrefixStamp) is { } known && Directory.Exists(cache.PathOf(Entry(name, known)))) return Root(name, known, request);
        var stamp = await apt.WithListsAsync(() => MakeAsync(name, request, step, cancel), step, cancel).ConfigureAwait(false);
        CacheJson.Write(cache, stampPath, stamp, CacheJson.Default.PrefixStamp);
        cache.Trim(Shelf, MostKept);
        return Root(name, stamp, request);
    }

    DebianRoot Root(string name, PrefixStamp stamp, RootRequest request)
    {
        var entry = cache.PathOf(Entry(name, stamp));
        Directory.SetLastWriteTimeUtc(entry, DateTime.UtcNow);
        return new DebianRoot(Path.Combine(entry, ImageName), request.Distribution, stamp.Packages);
    }

    async Task<PrefixStamp> MakeAsync(string name, RootRequest request, Provisioning step, CancellationToken cancel)
    {
        var lists = apt.Known!;
        if (!lists.Indexes.ContainsKey(request.Distribution.Suites[0]))
            throw new ToolchainException(ToolchainProblem.Unverified,
                $"No user space can be made of {request.Distribution}: {lists.Warnings.FirstOrDefault(warning => warning.Contains($" {request.Distribution.Suites[0]} ", StringComparison.Ordinal)) ?? "the mirror does not have it"}.");
        var packages = await apt.PlanAsync(new AptRequest([.. s_base, .. request.Packages]) { Suites = request.Distribution.Suites, Pretended = request.Pretended }, step, cancel).ConfigureAwait(false);
        var specs = packages.Select(package => package.Spec).Order(StringComparer.Ordinal).ToList();
        var stamp = new PrefixStamp(Hash(specs), request.Distribution.Name, specs);
        // Before the packages: who unpacks them has apt's lock.
        var mke2fs = Path.Combine(await fileSystemTools(cancel).ConfigureAwait(false), "usr/sbin/mke2fs");
        await cache.EntryAsync(Entry(name, stamp), staging => apt.FetchAsync(packages, step, debs => FillAsync(debs, packages, staging, mke2fs, step, cancel), cancel), cancel, step.Waits).ConfigureAwait(false);
        return stamp;
    }

    async Task FillAsync(IReadOnlyList<string> debs, IReadOnlyList<DebianPackage> packages, string staging, string mke2fs, Provisioning step, CancellationToken cancel)
    {
        var size = packages.Sum(package => package.InstalledSize);
        cache.RequireSpace(3 * size, step.Step);
        step.Says($"unpacking {debs.Count} packages");
        var tar = Path.Combine(staging, TarName);
        int files;
        await using (var tree = new RootTree(tar))
        {
            foreach (var deb in debs) await tree.AddAsync(deb, staging, cancel).ConfigureAwait(false);
            files = tree.Complete();
        }
        step.Says("making the disk image");
        await MakeImageAsync(mke2fs, tar, Path.Combine(staging, ImageName), size + files * PerFile + Room, files, cancel).ConfigureAwait(false);
        File.Delete(tar);
    }

    // Owners and modes are those in the packages: mke2fs takes them from the archive, so nobody has to be root. A disk that is thrown away
    // needs no journal.
    internal static async Task MakeImageAsync(string mke2fs, string tar, string image, long size, int files, CancellationToken cancel)
    {
        const long mebibyte = 1 << 20;
        await using (var file = File.Create(image)) file.SetLength((size + mebibyte - 1) / mebibyte * mebibyte);
        await HostProcess.RequireAsync(new HostCommand(mke2fs,
            ["-q", "-F", "-t", "ext4", "-b", "4096", "-m", "0", "-O", "^has_journal,^resize_inode", "-E", "root_owner=0:0,lazy_itable_init=1", "-N", $"{2 * files + 50_000}", "-d", tar, image])
            { Environment = new Dictionary<string, string> { ["MKE2FS_CONFIG"] = "/dev/null" } }, "making the disk image", cancel).ConfigureAwait(false);
    }

    static string Entry(string name, PrefixStamp stamp) => $"{Shelf}/{name}-{stamp.Key}";

    internal static string Hash(IEnumerable<string> words) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', words))))[..12];
}
