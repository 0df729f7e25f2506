using System.Formats.Tar;

namespace Understudy.Toolchain;

/// <summary>Writes a root file system as one tar archive.</summary>
static class RootArchive
{
    // What a machine mounts things on.
    static readonly string[] s_needed = ["proc", "sys", "dev", "run", "tmp", "root", "mnt"];

    /// <summary>Writes it.</summary>
    /// <param name="files">The file system; directories a machine needs are added.</param>
    /// <param name="path">The archive.</param>
    /// <param name="cancel">Stops in the middle.</param>
    /// <returns>How many bytes the files have.</returns>
    public static async Task<long> WriteAsync(RootFiles files, string path, CancellationToken cancel)
    {
        foreach (var name in s_needed)
            if (files.Find(name) is null) files.DirectoryAt(name, 0).Mode |= name == "tmp" ? (UnixFileMode)0b1_111_111_111 : 0;
        var bytes = 0L;
        var written = new Dictionary<Stream, string>(ReferenceEqualityComparer.Instance);
        await using var tar = new TarWriter(File.Create(path), TarEntryFormat.Pax);
        foreach (var (name, file) in files.All())
        {
            cancel.ThrowIfCancellationRequested();
            var isOther = file.Content is not null && !written.TryAdd(file.Content, $"./{name}");
            var entry = new PaxTarEntry(isOther ? TarEntryType.HardLink : file.Type, $"./{name}") { Mode = file.Mode, Uid = Owner(file.Uid, files.Root.Uid), Gid = Owner(file.Gid, files.Root.Gid), ModificationTime = file.Time };
            if (file.IsLink) entry.LinkName = file.Target;
            if (isOther) entry.LinkName = written[file.Content!];
            else if (file.Content is { } content)
            {
                content.Position = 0;
                entry.DataStream = content;
                bytes += content.Length;
            }
            await tar.WriteEntryAsync(entry, cancel).ConfigureAwait(false);
        }
        return bytes;
    }

    // Who unpacked a root as himself owns it; in a machine that is root.
    static int Owner(int id, int whose) => id == whose ? 0 : id;
}
