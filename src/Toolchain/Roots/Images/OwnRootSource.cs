using System.Security.Cryptography;

namespace Understudy.Toolchain;

/// <summary>Where a user's root file system comes from, opened: what identifies it, and its layers.</summary>
sealed class OwnRootSource : IDisposable
{
    readonly OwnRoot _root;
    readonly Decompressor _decompressor;
    readonly ImageFiles? _files;
    readonly OciImage? _image;
    readonly string? _tar;

    OwnRootSource(OwnRoot root, Decompressor decompressor, string id, string? tar, ImageFiles? files, OciImage? image)
        => (_root, _decompressor, Id, _tar, _files, _image) = (root, decompressor, id, tar, files, image);

    /// <summary>A digest of all that is in it.</summary>
    public string Id { get; }

    /// <summary>Opens it.</summary>
    /// <param name="root">What the user named.</param>
    /// <param name="scratch">A directory that is there as long as this.</param>
    /// <param name="decompressor">Decompresses archives and layers.</param>
    /// <param name="step">Told what takes long.</param>
    /// <param name="cancel">Stops it.</param>
    /// <exception cref="ToolchainException">It cannot be read, or there is no such image in it.</exception>
    public static async Task<OwnRootSource> OpenAsync(OwnRoot root, string scratch, Decompressor decompressor, Provisioning step, CancellationToken cancel)
    {
        if (root.IsDirectory) return await PackAsync(root, Path.Combine(scratch, "directory"), decompressor, step, cancel).ConfigureAwait(false);
        var path = root.Where;
        if (root.IsStored)
        {
            path = Path.Combine(scratch, "saved");
            await ImageStore.SaveAsync(root.Kind, root.Where, path, step, cancel).ConfigureAwait(false);
        }
        var files = await ImageFiles.OpenAsync(path, Path.Combine(scratch, "archive"), decompressor, cancel).ConfigureAwait(false);
        try
        {
            var image = OciImage.Read(files, root.Tag);
            return new OwnRootSource(root, decompressor, image.Id, null, files, image);
        }
        catch
        {
            files.Dispose();
            throw;
        }
    }

    /// <summary>Applies its layers, the lowest first. Each blob's digest is checked, and that of what is compressed in it.</summary>
    /// <param name="layers">What they are applied to.</param>
    /// <param name="staging">Where decompressed layers lie as long as <paramref name="layers"/> is open.</param>
    /// <param name="cancel">Stops it.</param>
    public async Task ApplyAsync(RootLayer layers, string staging, CancellationToken cancel)
    {
        if (_tar is not null) layers.Apply(File.OpenRead(_tar), _root.Name, whiteouts: false);
        foreach (var (index, (file, digest, content)) in (_image?.Layers ?? []).Index())
        {
            var tar = Path.Combine(staging, $"layer-{index}.tar");
            await UnpackAsync(file, digest, tar, cancel).ConfigureAwait(false);
            await using (var unpacked = File.OpenRead(tar)) Verify(unpacked, content, $"what is in {file}");
            layers.Apply(File.OpenRead(tar), $"{_root.Name}: layer {index + 1}", whiteouts: true);
        }
    }

    public void Dispose() => _files?.Dispose();

    async Task UnpackAsync(string file, string? digest, string tar, CancellationToken cancel)
    {
        if (digest is not null) Verify(Open(file), digest, file);
        await _decompressor.DecompressAsync(Open(file), tar, $"{_root.Name}: {file}", cancel).ConfigureAwait(false);
    }

    Stream Open(string file) => _files!.Open(file) ?? throw new ToolchainException(ToolchainProblem.BadFile, $"{_root.Name} lacks {file}, one of its layers.");

    void Verify(Stream stream, string digest, string what)
    {
        var real = OciImage.Named(SHA256.HashData(stream));
        if (real != digest) throw OciImage.Wrong(_root.Name, what, digest, real);
    }

    // Owners and links as they are on the disk, names in one order, no times of reading: the same content is the same archive.
    static async Task<OwnRootSource> PackAsync(OwnRoot root, string tar, Decompressor decompressor, Provisioning step, CancellationToken cancel)
    {
        step.Says($"reading {root.Where}");
        var packing = await HostProcess.RunAsync(new HostCommand("tar",
            ["--create", $"--file={tar}", "--format=gnu", "--sort=name", "--numeric-owner", "--one-file-system", "--warning=no-file-ignored", $"--directory={root.Where}", "."]), cancel).ConfigureAwait(false);
        if (packing.ExitCode != 0)
            throw new ToolchainException(ToolchainProblem.BadFile, $"{root.Where} cannot be read as it is: {packing.Error.Trim().Split('\n')[0]}. Who made it as root has to name it as root, or to pack it as root and name the image.");
        await using var packed = File.OpenRead(tar);
        return new OwnRootSource(root, decompressor, $"dir:{Convert.ToHexStringLower(await SHA256.HashDataAsync(packed, cancel).ConfigureAwait(false))}", tar, null, null);
    }
}
