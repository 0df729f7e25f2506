using System.Formats.Tar;

namespace Understudy.Toolchain;

/// <summary>One file, directory or link of a root file system. Names of one file share it.</summary>
/// <param name="Type">A directory, a regular file or a symbolic link; nothing else is kept.</param>
sealed record RootFile(TarEntryType Type)
{
    public UnixFileMode Mode { get; set; }

    public int Uid { get; set; }

    public int Gid { get; set; }

    public DateTimeOffset Time { get; set; } = DateTimeOffset.UnixEpoch;

    /// <summary>Where a symbolic link leads, as it is written there.</summary>
    public string Target { get; init; } = "";

    /// <summary>What is in it; null when it is empty.</summary>
    public Stream? Content { get; init; }

    /// <summary>The layer it comes from: 0 is the lowest.</summary>
    public int Layer { get; set; }

    public bool IsDirectory => Type == TarEntryType.Directory;

    public bool IsLink => Type == TarEntryType.SymbolicLink;

    public SortedDictionary<string, RootFile> Children { get; } = new(StringComparer.Ordinal);
}
