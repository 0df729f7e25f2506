using System.Security.Cryptography;

namespace Understudy.Toolchain;

/// <summary>What is remembered of a kernel in the cache.</summary>
sealed record KernelStamp(string Name, string Release, string PackageVersion, bool HasPvhEntry, string Sha256)
{
    public bool IsOf(CatalogKernel kernel) => Release == kernel.Release && PackageVersion == kernel.PackageVersion;
}

/// <summary>The kernels in the cache: one entry for each package version, with image, ELF kernel, modules and module index.</summary>
sealed class KernelStore(UnderstudyCache cache, PrivateApt apt, Func<CancellationToken, Task<Tools>> tools)
{
    const string Vmlinuz = "vmlinuz";
    const string Vmlinux = "vmlinux";
    const string StampName = "kernel.json";

    public IEnumerable<KernelStamp> Installed() => Directory.Exists(cache.PathOf("kernels"))
        ? Directory.GetDirectories(cache.PathOf("kernels"))
            .Select(entry => CacheJson.Read(Path.Combine(entry, StampName), CacheJson.Default.KernelStamp))
            .OfType<KernelStamp>().OrderByDescending(stamp => stamp.PackageVersion, DebianVersion.Order)
        : [];

    public Kernel? ByRelease(string name) => Installed().FirstOrDefault(stamp => KernelName.Scheme + stamp.Release == name) is { } stamp ? Of(stamp) : null;

    public Kernel? Find(CatalogKernel kernel) =>
        CacheJson.Read(cache.PathOf(Entry(kernel.Release, kernel.PackageVersion), StampName), CacheJson.Default.KernelStamp) is { } stamp ? Of(stamp) : null;

    public async Task<Kernel> InstallAsync(CatalogKernel kernel, Provisioning step, CancellationToken cancel)
    {
        var programs = await tools(cancel).ConfigureAwait(false);
        await cache.EntryAsync(Entry(kernel.Release, kernel.PackageVersion), staging => apt.FetchAsync(kernel.Packages, step, async debs =>
        {
            step.Says($"unpacking {kernel.Release}");
            var unpacked = Path.Combine(staging, "unpacked");
            await Prefix.UnpackAsync(debs, unpacked, cancel).ConfigureAwait(false);
            Arrange(unpacked, staging, kernel.Release);
            Directory.Delete(unpacked, recursive: true);

            step.Says("indexing its modules and uncompressing its image");
            var indexing = programs.DepmodAsync(staging, kernel.Release, staging, cancel);
            var image = await ExtractAsync(programs, Path.Combine(staging, Vmlinuz), Path.Combine(staging, Vmlinux), cancel).ConfigureAwait(false);
            await indexing.ConfigureAwait(false);
            var stamp = new KernelStamp(kernel.Name, kernel.Release, kernel.PackageVersion, image.HasPvhEntry, image.Sha256);
            CacheJson.Write(cache, Path.Combine(staging, StampName), stamp, CacheJson.Default.KernelStamp);
        }, cancel), cancel, step.Waits).ConfigureAwait(false);
        return Find(kernel)!;
    }

    static readonly string[] ModuleRoots = ["usr/lib/modules", "lib/modules"];

    // Debian moved modules from /lib to /usr/lib, and the image from /boot to beside its modules.
    static void Arrange(string unpacked, string staging, string release)
    {
        var modules = ModuleRoots.Select(path => Path.Combine(unpacked, path, release)).FirstOrDefault(Directory.Exists);
        var image = new[] { Path.Combine(modules ?? unpacked, Vmlinuz), Path.Combine(unpacked, "boot", $"vmlinuz-{release}") }.FirstOrDefault(File.Exists);
        if (modules is null || image is null)
            throw new ToolchainException(ToolchainProblem.BadFile,
                $"The packages of {release} hold no {(image is null ? "vmlinuz" : "modules")} where Debian's kernels have it. Choose another kernel: 'understudy kernels'.");
        File.Move(image, Path.Combine(staging, Vmlinuz));
        Directory.CreateDirectory(Path.Combine(staging, "lib/modules"));
        Directory.Move(modules, Path.Combine(staging, "lib/modules", release));
    }

    public async Task<Kernel> OpenAsync(string image, string? modules, Provisioning step, CancellationToken cancel)
    {
        image = Path.GetFullPath(image);
        if (!File.Exists(image))
            throw new ToolchainException(ToolchainProblem.BadFile, $"There is no kernel image {image}. Give the path of a bzImage or vmlinux.");
        var bytes = await File.ReadAllBytesAsync(image, cancel).ConfigureAwait(false);
        var hash = Convert.ToHexStringLower(SHA256.HashData(bytes));
        var release = BzImage.IsBzImage(bytes) ? BzImage.Release(bytes) : ElfKernel.Release(bytes);
        if (ElfKernel.IsElf(bytes) && release.Length > 0)
            return new Kernel(image, release, "", image, image, ElfKernel.HasPvhEntry(bytes), hash, ModulesOf(modules, release));

        var entry = await cache.EntryAsync($"images/{hash}", async staging =>
        {
            step.Says("uncompressing the image");
            await ExtractAsync(await tools(cancel).ConfigureAwait(false), image, Path.Combine(staging, Vmlinux), cancel).ConfigureAwait(false);
        }, cancel, step.Waits).ConfigureAwait(false);
        var vmlinux = Path.Combine(entry, Vmlinux);
        var hasEntry = ElfKernel.HasPvhEntry(await File.ReadAllBytesAsync(vmlinux, cancel).ConfigureAwait(false));
        return new Kernel(image, release, "", image, vmlinux, hasEntry, hash, ModulesOf(modules, release));
    }

    static string? ModulesOf(string? modules, string release)
    {
        if (string.IsNullOrEmpty(modules)) return null;
        var candidates = new[] { Path.Combine(modules, "lib/modules", release), modules }.Select(Path.GetFullPath);
        return candidates.FirstOrDefault(path => Directory.Exists(Path.Combine(path, "kernel")) || File.Exists(Path.Combine(path, "modules.dep"))) ??
            throw new ToolchainException(ToolchainProblem.BadFile,
                $"{Path.GetFullPath(modules)} holds no modules of {release}: neither kernel/ nor modules.dep, there or in lib/modules/{release}. " +
                "Make one with: make modules_install INSTALL_MOD_PATH=" + modules);
    }

    static async Task<(bool HasPvhEntry, string Sha256)> ExtractAsync(Tools tools, string vmlinuz, string vmlinux, CancellationToken cancel)
    {
        var image = await File.ReadAllBytesAsync(vmlinuz, cancel).ConfigureAwait(false);
        var payload = BzImage.Payload(image, vmlinuz);
        if (ElfKernel.IsElf(payload.Span)) await File.WriteAllBytesAsync(vmlinux, payload, cancel).ConfigureAwait(false);
        else await tools.DecompressAsync(CompressionMagic.Of(payload.Span), payload, vmlinux, vmlinuz, cancel).ConfigureAwait(false);
        var elf = await File.ReadAllBytesAsync(vmlinux, cancel).ConfigureAwait(false);
        if (!ElfKernel.IsElf(elf))
            throw new ToolchainException(ToolchainProblem.BadFile, $"The payload of {vmlinuz} is no 64-bit ELF kernel. Only x86-64 kernels can be used.");
        return (ElfKernel.HasPvhEntry(elf), Convert.ToHexStringLower(SHA256.HashData(image)));
    }

    Kernel Of(KernelStamp stamp)
    {
        string At(string path) => cache.PathOf(Entry(stamp.Release, stamp.PackageVersion), path);
        return new Kernel(stamp.Name, stamp.Release, stamp.PackageVersion, At(Vmlinuz), At(Vmlinux), stamp.HasPvhEntry, stamp.Sha256,
            At($"lib/modules/{stamp.Release}"));
    }

    static string Entry(string release, string version) => $"kernels/{release}_{version.Replace(':', '-')}";
}
