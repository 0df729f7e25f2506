namespace Understudy.Toolchain;

/// <summary>The files an image consists of: a directory, or the members of an archive.</summary>
sealed class ImageFiles : IDisposable
{
    readonly string _path;
    readonly RootFiles? _members;
    readonly RootLayer? _archive;
    readonly Dictionary<string, Stream> _opened = [];

    ImageFiles(string path, RootFiles? members, RootLayer? archive) => (_path, _members, _archive) = (path, members, archive);

    /// <summary>What they are called in errors.</summary>
    public string Name => _path;

    /// <summary>Opens a layout's directory, or an archive of one.</summary>
    /// <param name="path">A directory or a file.</param>
    /// <param name="unpacked">Where a compressed archive is decompressed to.</param>
    /// <param name="decompressor">Decompresses it.</param>
    /// <param name="cancel">Stops it.</param>
    /// <exception cref="ToolchainException">It is no tar archive, or damaged.</exception>
    public static async Task<ImageFiles> OpenAsync(string path, string unpacked, Decompressor decompressor, CancellationToken cancel)
    {
        if (Directory.Exists(path)) return new ImageFiles(path, null, null);
        await using (var file = File.OpenRead(path)) await decompressor.DecompressAsync(file, unpacked, path, cancel).ConfigureAwait(false);
        var members = new RootFiles();
        var archive = new RootLayer(members);
        try
        {
            archive.Apply(File.OpenRead(unpacked), path, whiteouts: false);
            return new ImageFiles(path, members, archive);
        }
        catch
        {
            archive.Dispose();
            throw;
        }
    }

    /// <summary>A file of the image, from its beginning; null when it has none of this name. It is closed with this, and by nobody else: members of an
    /// archive are opened once.</summary>
    public Stream? Open(string name)
    {
        if (_opened.TryGetValue(name, out var opened) || (opened = Find(name)) is not null)
        {
            opened.Position = 0;
            _opened[name] = opened;
        }
        return opened;
    }

    Stream? Find(string name)
    {
        if (_members is not null) return _members.Find(name) is { IsDirectory: false } file ? file.Content ?? Stream.Null : null;
        return File.Exists(Path.Combine(_path, name)) ? File.OpenRead(Path.Combine(_path, name)) : null;
    }

    public void Dispose()
    {
        foreach (var stream in _opened.Values) stream.Dispose();
        _archive?.Dispose();
    }
}
