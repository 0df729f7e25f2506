namespace Understudy.Toolchain;

/// <summary>What a prefix was made of.</summary>
sealed record PrefixStamp(string Key, string Version, IReadOnlyList<string> Packages);

/// <summary>
/// A directory of unpacked Debian packages whose programs run through the prefix's own dynamic loader and libraries, so that they
/// need nothing of the host but its kernel.
/// </summary>
sealed class Prefix(string root, PrefixStamp stamp)
{
    const string Libraries = "usr/lib/x86_64-linux-gnu";

    public string Root => root;
    public PrefixStamp Stamp => stamp;
    public string Library => Path.Combine(root, Libraries);
    public string Loader => Path.Combine(Library, "ld-linux-x86-64.so.2");

    public string At(string path) => Path.Combine(root, path);

    /// <summary>A command that runs one of the prefix's programs; <paramref name="name"/> is what the program sees as its own name.</summary>
    public HostCommand Command(string program, IReadOnlyList<string> arguments, string? name = null) =>
        new(Loader, ["--library-path", Library, .. name is null ? [] : new[] { "--argv0", name }, At(program), .. arguments]);

    public static async Task UnpackAsync(string deb, string directory, CancellationToken cancel) =>
        await HostProcess.RequireAsync(new HostCommand("dpkg-deb", ["-x", deb, directory]), $"unpacking {Path.GetFileName(deb)}", cancel)
            .ConfigureAwait(false);

    public static Task UnpackAsync(IReadOnlyList<string> debs, string directory, CancellationToken cancel) =>
        Parallel.ForEachAsync(debs, cancel, async (deb, stop) => await UnpackAsync(deb, directory, stop).ConfigureAwait(false));
}
