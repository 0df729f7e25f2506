using System.Formats.Tar;

namespace Understudy.Toolchain;

/// <summary>Applies tar archives to a root file system, the lower ones first, as the OCI image specification says of layers (layer.md).</summary>
/// <param name="files">What they are applied to.</param>
sealed class RootLayer(RootFiles files) : IDisposable
{
    const string Whiteout = ".wh.", Opaque = ".wh..wh..opq", AufsOwn = ".wh..wh.";
    const int MostTarget = 4095;

    readonly List<TarReader> _open = [];
    int _layer = -1;

    /// <summary>What was left out, in words.</summary>
    public List<string> LeftOut { get; } = [];

    /// <summary>Applies an archive.</summary>
    /// <param name="archive">Seekable; it is read again when the root is written, and closed with this.</param>
    /// <param name="name">What it is called in errors.</param>
    /// <param name="whiteouts">Names that begin with ".wh." remove what lower layers brought.</param>
    /// <exception cref="ToolchainException">It is damaged, or has what no archive of a root may have (<see cref="ToolchainProblem.BadFile"/>).</exception>
    public void Apply(Stream archive, string name, bool whiteouts)
    {
        _layer++;
        var reader = new TarReader(archive);
        _open.Add(reader);
        var member = "";
        try
        {
            TarBlocks.Check(archive);
            while (reader.GetNextEntry() is { } entry)
            {
                if (entry.EntryType == TarEntryType.GlobalExtendedAttributes) continue;
                Take(entry, member = RootFiles.Plain(entry.Name), whiteouts);
            }
        }
        catch (Exception bad) when (bad is InvalidDataException or EndOfStreamException or FormatException or ArgumentException or InvalidOperationException or OverflowException)
        {
            throw new ToolchainException(ToolchainProblem.BadFile, $"{name} cannot be unpacked{(member.Length > 0 ? $" (at {member})" : "")}: {bad.Message}", bad);
        }
    }

    public void Dispose()
    {
        foreach (var reader in _open) reader.Dispose();
    }

    void Take(TarEntry entry, string path, bool whiteouts)
    {
        var name = path[(path.LastIndexOf('/') + 1)..];
        if (whiteouts && name.StartsWith(Whiteout, StringComparison.Ordinal)) Hide(path[..^name.Length].TrimEnd('/'), name);
        else if (path.Length == 0) Describe(files.Root, entry);
        else if (entry.EntryType == TarEntryType.HardLink) files.Put(path, Linked(entry));
        else if (File(entry) is { } file) files.Put(path, Describe(file, entry));
        else LeftOut.Add($"{path} ({Word(entry.EntryType)})");
    }

    void Hide(string directory, string name)
    {
        if (name == Opaque) files.Remove(directory, _layer, within: true);
        else if (name.StartsWith(AufsOwn, StringComparison.Ordinal)) return;
        else if (name[Whiteout.Length..] is var hidden && hidden is "" or "." or "..") throw new InvalidDataException($"'{name}' hides no file");
        else files.Remove(directory.Length > 0 ? $"{directory}/{hidden}" : hidden, _layer, within: false);
    }

    // What a link names is in the root or nowhere: a link to a file of the host cannot be said.
    RootFile Linked(TarEntry entry)
    {
        var target = RootFiles.Plain(entry.LinkName);
        var slash = target.LastIndexOf('/');
        var holder = files.Find(slash < 0 ? "" : target[..slash]);
        return holder is { IsDirectory: true } && holder.Children.TryGetValue(target[(slash + 1)..], out var file) && !file.IsDirectory ? file with { Layer = _layer }
            : throw new InvalidDataException($"the hard link leads to '{entry.LinkName}', which is no file of the image");
    }

    static RootFile? File(TarEntry entry) => entry.EntryType switch
    {
        TarEntryType.Directory => new RootFile(TarEntryType.Directory),
        TarEntryType.RegularFile or TarEntryType.V7RegularFile or TarEntryType.ContiguousFile => new RootFile(TarEntryType.RegularFile) { Content = entry.DataStream },
        TarEntryType.SymbolicLink => new RootFile(TarEntryType.SymbolicLink)
            { Target = entry.LinkName.Length is > 0 and <= MostTarget ? entry.LinkName : throw new InvalidDataException("a symbolic link leads nowhere, or has more than 4095 characters") },
        TarEntryType.BlockDevice or TarEntryType.CharacterDevice or TarEntryType.Fifo => null,
        var other => throw new InvalidDataException($"a member of the type '{(char)other}' is not understood"),
    };

    RootFile Describe(RootFile file, TarEntry entry)
    {
        (file.Mode, file.Uid, file.Gid, file.Time, file.Layer) = (entry.Mode, entry.Uid, entry.Gid, entry.ModificationTime, _layer);
        return file;
    }

    static string Word(TarEntryType type) => type == TarEntryType.Fifo ? "a pipe" : "a device node";
}
