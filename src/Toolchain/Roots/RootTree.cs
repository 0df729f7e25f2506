using System.Formats.Tar;
using System.Text;

namespace Understudy.Toolchain;

/// <summary>
/// Packages unpacked one after the other into one tar archive, as dpkg would unpack them into a root: owners and modes kept, /bin, /sbin and /lib
/// merged into /usr as on every Debian system since 12, and dpkg's own record of them.
/// </summary>
/// <param name="path">The archive to write.</param>
sealed class RootTree(string path) : IAsyncDisposable
{
    const UnixFileMode Plain = (UnixFileMode)0b110_100_100, Directory755 = (UnixFileMode)0b111_101_101, Sticky777 = (UnixFileMode)0b1_111_111_111;

    static readonly string[] s_merged = ["bin", "sbin", "lib", "lib32", "lib64", "libx32"];

    // Nobody reads them in a machine that lives for a minute.
    static readonly string[] s_unneeded = ["usr/share/doc/", "usr/share/man/", "usr/share/locale/", "usr/share/info/", "usr/share/lintian/"];

    // What a package's own script copies, links or registers when it is installed.
    static readonly (string Copy, string Of)[] s_copies = [("etc/passwd", "usr/share/base-passwd/passwd.master"), ("etc/group", "usr/share/base-passwd/group.master")];
    static readonly (string Link, string To)[] s_links = [("usr/bin/awk", "mawk"), ("usr/bin/sh", "dash"), ("usr/bin/which", "which.debianutils"), ("usr/bin/cc", "gcc"), ("etc/mtab", "/proc/self/mounts")];

    readonly TarWriter _tar = new(File.Create(path), TarEntryFormat.Gnu);
    readonly HashSet<string> _directories = ["."], _others = [];
    readonly Dictionary<string, byte[]> _copied = [];
    readonly StringBuilder _status = new();

    /// <summary>Unpacks a package.</summary>
    public async Task AddAsync(string deb, string scratch, CancellationToken cancel)
    {
        var archive = Path.Combine(scratch, ".deb.tar");
        await HostProcess.RequireAsync(new HostCommand("dpkg-deb", ["--fsys-tarfile", deb]) { OutputFile = archive }, $"unpacking {Path.GetFileName(deb)}", cancel).ConfigureAwait(false);
        var names = Unpack(archive);
        await HostProcess.RequireAsync(new HostCommand("dpkg-deb", ["--ctrl-tarfile", deb]) { OutputFile = archive }, $"unpacking {Path.GetFileName(deb)}", cancel).ConfigureAwait(false);
        Register(archive, names);
        File.Delete(archive);
    }

    /// <summary>Writes what belongs to no package, and ends the archive.</summary>
    /// <returns>How many files and directories there are.</returns>
    public int Complete()
    {
        foreach (var name in s_merged.Where(name => _directories.Contains($"usr/{name}"))) Link(name, $"usr/{name}");
        foreach (var (copy, of) in s_copies)
            if (_copied.TryGetValue(of, out var content)) Put(copy, content);
        foreach (var (link, to) in s_links)
            if (to.StartsWith('/') || _others.Contains($"usr/bin/{to}")) Link(link, to);
        foreach (var name in (string[])["proc", "sys", "dev", "run", "root", "mnt", "var/lib/dpkg/updates", "var/lib/dpkg/triggers", "var/lib/dpkg/alternatives"]) Parents($"{name}/x");
        if (_directories.Add("tmp")) _tar.WriteEntry(new GnuTarEntry(TarEntryType.Directory, "./tmp") { Mode = Sticky777 });
        Put("var/lib/dpkg/status", Encoding.UTF8.GetBytes(_status.ToString()));
        Put("var/lib/dpkg/available", []);
        Put("var/lib/dpkg/info/format", "1\n"u8.ToArray());
        return _directories.Count + _others.Count;
    }

    public ValueTask DisposeAsync() => _tar.DisposeAsync();

    /// <summary>Where a path of a package is on a system whose /bin, /sbin and /lib are in /usr; null for these themselves.</summary>
    internal static string? Merged(string name)
    {
        name = name.StartsWith("./", StringComparison.Ordinal) ? name[2..] : name;
        name = name.Trim('/');
        var top = name.Split('/')[0];
        return s_merged.Contains(top) ? (name.Length == top.Length ? null : $"usr/{name}") : name is "" or "." ? null : name;
    }

    List<string> Unpack(string archive)
    {
        var names = new List<string>();
        using var reader = new TarReader(File.OpenRead(archive));
        while (reader.GetNextEntry() is { } entry)
        {
            names.Add($"/{entry.Name.TrimStart('.').Trim('/')}");
            if (Merged(entry.Name) is not { } name || s_unneeded.Any(path => $"{name}/".StartsWith(path, StringComparison.Ordinal))) continue;
            Parents(name);
            if (!(entry.EntryType == TarEntryType.Directory ? _directories : _others).Add(name)) continue;
            if (entry.EntryType == TarEntryType.HardLink) entry.LinkName = $"./{Merged(entry.LinkName)}";
            entry.Name = $"./{name}";
            if (s_copies.Any(copy => copy.Of == name)) _copied[name] = Content(entry);
            _tar.WriteEntry(entry);
        }
        return names;
    }

    static byte[] Content(TarEntry entry)
    {
        var content = new MemoryStream();
        entry.DataStream?.CopyTo(content);
        content.Position = 0;
        entry.DataStream = content;
        return content.ToArray();
    }

    // dpkg's record of an installed package: its stanza, the list of its files, its scripts (deb-control(5), dpkg(1) under FILES).
    void Register(string control, IReadOnlyList<string> names)
    {
        var members = new Dictionary<string, byte[]>();
        using (var reader = new TarReader(File.OpenRead(control)))
            while (reader.GetNextEntry() is { } entry)
                if (entry.EntryType is TarEntryType.RegularFile or TarEntryType.V7RegularFile) members[Path.GetFileName(entry.Name)] = Content(entry);
        var stanza = Encoding.UTF8.GetString(members["control"]).TrimEnd('\n');
        var fields = Deb822.Paragraphs(stanza).First();
        var package = fields.GetValueOrDefault("Multi-Arch", "").Trim() == "same" ? $"{fields["Package"].Trim()}:{fields["Architecture"].Trim()}" : fields["Package"].Trim();
        var first = stanza.IndexOf('\n', StringComparison.Ordinal);
        _status.Append(stanza[..first]).Append("\nStatus: install ok installed").Append(stanza[first..]).Append("\n\n");
        Put($"var/lib/dpkg/info/{package}.list", Encoding.UTF8.GetBytes(string.Join('\n', names.Select(name => name == "/" ? "/." : name)) + "\n"));
        foreach (var script in (string[])["preinst", "postinst", "prerm", "postrm"])
            if (members.TryGetValue(script, out var text)) Put($"var/lib/dpkg/info/{package}.{script}", text, Directory755);
    }

    void Parents(string name)
    {
        for (var slash = name.IndexOf('/', StringComparison.Ordinal); slash > 0; slash = name.IndexOf('/', slash + 1))
            if (_directories.Add(name[..slash])) _tar.WriteEntry(new GnuTarEntry(TarEntryType.Directory, $"./{name[..slash]}") { Mode = Directory755 });
    }

    void Put(string name, byte[] content, UnixFileMode mode = Plain)
    {
        Parents(name);
        if (_others.Add(name)) _tar.WriteEntry(new GnuTarEntry(TarEntryType.RegularFile, $"./{name}") { Mode = mode, DataStream = new MemoryStream(content) });
    }

    void Link(string name, string to)
    {
        Parents(name);
        if (!_directories.Contains(name) && _others.Add(name)) _tar.WriteEntry(new GnuTarEntry(TarEntryType.SymbolicLink, $"./{name}") { LinkName = to });
    }
}
