namespace Understudy.Toolchain;

/// <summary>Makes disks of root file systems that users bring, and finds the ones made before: by the digest of an image, or of all a directory
/// holds.</summary>
/// <param name="cache">Where they are kept.</param>
/// <param name="apt">Fetches headers of kernels.</param>
/// <param name="fileSystemTools">The directory that mke2fs is unpacked in.</param>
/// <param name="decompressor">Decompresses layers.</param>
sealed class OwnRootShelf(UnderstudyCache cache, PrivateApt apt, Func<CancellationToken, Task<string>> fileSystemTools, Decompressor decompressor)
{
    const string Format = "1", Made = "root.json";

    public async Task<OwnRootDisk> EnsureAsync(OwnRoot root, Kernel kernel, Provisioning step, CancellationToken cancel)
    {
        var scratch = cache.PathOf("staging", $"own-{Guid.NewGuid():N}");
        Directory.CreateDirectory(scratch);
        try
        {
            using var source = await OwnRootSource.OpenAsync(root, scratch, decompressor, step, cancel).ConfigureAwait(false);
            var entry = $"{RootShelf.Shelf}/own-{RootShelf.Hash([Format, source.Id, kernel.Release, kernel.PackageVersion])}";
            var path = await cache.EntryAsync(entry, staging => FillAsync(root, source, kernel, staging, step, cancel), cancel, step.Waits).ConfigureAwait(false);
            Directory.SetLastWriteTimeUtc(path, DateTime.UtcNow);
            cache.Trim(RootShelf.Shelf, RootShelf.MostKept);
            var made = CacheJson.Read(Path.Combine(path, Made), CacheJson.Default.OwnRootDisk) ?? throw new ToolchainException(ToolchainProblem.BadFile, $"{path} is damaged: delete it, and it is made anew.");
            return made with { Image = Path.Combine(path, RootShelf.ImageName) };
        }
        finally
        {
            Directory.Delete(scratch, recursive: true);
        }
    }

    async Task FillAsync(OwnRoot root, OwnRootSource source, Kernel kernel, string staging, Provisioning step, CancellationToken cancel)
    {
        var files = new RootFiles();
        using var layers = new RootLayer(files);
        await source.ApplyAsync(layers, staging, cancel).ConfigureAwait(false);
        RootNeeds.Check(files, root.Name);
        List<string> remarks = [.. layers.LeftOut.Count > 0 ? new[] { $"left out: {string.Join(", ", layers.LeftOut.Take(3))}{(layers.LeftOut.Count > 3 ? $" and {layers.LeftOut.Count - 3} more" : "")}" } : []];
        if (RootHeaders.Has(files, kernel)) remarks.Add($"the headers of {kernel.Release} are its own");
        else
        {
            await BringHeadersAsync(layers, kernel, staging, step, cancel).ConfigureAwait(false);
            remarks.Add(RootHeaders.Fit(files, root.Name, kernel));
        }
        step.Says("making the disk image");
        var tar = Path.Combine(staging, "root.tar");
        var bytes = await RootArchive.WriteAsync(files, tar, cancel).ConfigureAwait(false);
        cache.RequireSpace(2 * bytes, step.Step);
        var mke2fs = Path.Combine(await fileSystemTools(cancel).ConfigureAwait(false), "usr/sbin/mke2fs");
        await RootShelf.MakeImageAsync(mke2fs, tar, Path.Combine(staging, RootShelf.ImageName), bytes + files.Count * RootShelf.PerFile + RootShelf.Room, files.Count, cancel).ConfigureAwait(false);
        CacheJson.Write(cache, Path.Combine(staging, Made), new OwnRootDisk("", files.FindAny(["usr/bin/dpkg"]) is not null, remarks), CacheJson.Default.OwnRootDisk);
        foreach (var archive in Directory.EnumerateFiles(staging, "*.tar")) File.Delete(archive);
    }

    Task<IReadOnlyList<DebianPackage>> BringHeadersAsync(RootLayer layers, Kernel kernel, string staging, Provisioning step, CancellationToken cancel) => apt.WithListsAsync(async () =>
    {
        var leading = (await apt.PlanAloneAsync([$"{HeadersShelf.Prefix}{kernel.Release}"], step, cancel).ConfigureAwait(false))[0];
        var packages = await apt.PlanAloneAsync([leading.Name, .. HeadersShelf.Parts(leading)], step, cancel).ConfigureAwait(false);
        await apt.FetchAsync(packages, step, async debs =>
        {
            foreach (var deb in debs)
            {
                var tar = Path.Combine(staging, $"{Path.GetFileName(deb)}.tar");
                await HostProcess.RequireAsync(new HostCommand("dpkg-deb", ["--fsys-tarfile", deb]) { OutputFile = tar }, $"unpacking {Path.GetFileName(deb)}", cancel).ConfigureAwait(false);
                layers.Apply(File.OpenRead(tar), Path.GetFileName(deb), whiteouts: false);
            }
        }, cancel).ConfigureAwait(false);
        return packages;
    }, step, cancel);
}
