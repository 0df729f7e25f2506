using System.Formats.Tar;

namespace Understudy.Build;

/// <summary>A tar archive in which nothing tells who made it, where or when: all of it is root's, and of one time.</summary>
sealed class PlainTar(Stream output) : IDisposable
{
    const UnixFileMode Plain = (UnixFileMode)0b110_100_100, Executable = (UnixFileMode)0b111_101_101;

    // Any would do that make and tar do not find odd.
    static readonly DateTimeOffset s_time = new(2020, 1, 1, 0, 0, 0, TimeSpan.Zero);

    readonly TarWriter _tar = new(output, TarEntryFormat.Gnu, leaveOpen: true);
    readonly HashSet<string> _directories = [];

    public void Directory(string name)
    {
        for (var slash = name.IndexOf('/', StringComparison.Ordinal); slash > 0; slash = name.IndexOf('/', slash + 1)) Make(name[..slash]);
        if (name.Length > 0) Make(name);
    }

    public void Files(string below, IEnumerable<PackedFile> files)
    {
        foreach (var file in files.OrderBy(file => file.Name, StringComparer.Ordinal))
        {
            var name = below.Length > 0 ? $"{below}/{file.Name}" : file.Name;
            Directory(Path.GetDirectoryName(name)!);
            _tar.WriteEntry(new GnuTarEntry(TarEntryType.RegularFile, $"./{name}") { Mode = file.IsExecutable ? Executable : Plain, ModificationTime = s_time, DataStream = new MemoryStream(file.Content) });
        }
    }

    void Make(string name)
    {
        if (_directories.Add(name)) _tar.WriteEntry(new GnuTarEntry(TarEntryType.Directory, $"./{name}/") { Mode = Executable, ModificationTime = s_time });
    }

    public void Dispose() => _tar.Dispose();
}
