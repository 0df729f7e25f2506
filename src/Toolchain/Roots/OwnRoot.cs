namespace Understudy.Toolchain;

/// <summary>A root file system of the user's own: a directory, an OCI image, or an image that a program of the host has or can fetch.</summary>
public sealed record OwnRoot : UserSpace
{
    const string Directories = "dir", Files = "oci";

    OwnRoot(string kind, string where, string? tag) : base($"{kind}:{where}{(tag is null ? "" : $":{tag}")}") => (Kind, Where, Tag) = (kind, where, tag);

    /// <summary>The words before the colon.</summary>
    internal static IReadOnlyList<string> Kinds { get; } = [Directories, Files, .. ImageStore.Programs];

    /// <summary>One of <see cref="Kinds"/>.</summary>
    internal string Kind { get; }

    /// <summary>The absolute path of the directory, layout or archive; or the image's name.</summary>
    internal string Where { get; }

    /// <summary>Which image of several in one layout or archive; null for the only one.</summary>
    internal string? Tag { get; }

    internal bool IsDirectory => Kind == Directories;

    internal bool IsStored => ImageStore.Programs.Contains(Kind);

    /// <exception cref="ToolchainException">There is no such file or directory, or it is no name of an image.</exception>
    internal static OwnRoot Of(string kind, string where, string? directory)
    {
        if (ImageStore.Programs.Contains(kind)) return new OwnRoot(kind, ImageStore.Checked(where), null);
        var path = Absolute(where.Length > 0 ? where : throw Missing($"'{kind}:' names no path"));
        if (kind == Directories)
            return Directory.Exists(path) ? new OwnRoot(kind, path, null) : throw Missing(File.Exists(path)
                ? $"{path} is a file, and no directory with a root file system; an image is named as {Files}:{path}" : $"There is no directory {path}, which should hold a root file system");
        if (Path.Exists(path)) return new OwnRoot(kind, path, null);
        // A tag may have colons and slashes of its own, as whole names of images do; so may a path.
        var colon = Enumerable.Range(1, where.Length - 1).LastOrDefault(at => where[at] == ':' && at < where.Length - 1 && Path.Exists(Absolute(where[..at])));
        return colon > 0 ? new OwnRoot(kind, Absolute(where[..colon]), where[(colon + 1)..]) : throw Missing($"There is neither an OCI layout nor an archive of an image at {path}");

        string Absolute(string relative) => Path.GetFullPath(relative, directory ?? Environment.CurrentDirectory);
    }

    static ToolchainException Missing(string what) => new(ToolchainProblem.UnknownName, $"{what}. A user space is one of {Choice}.");
}
