using System.Text;

namespace Understudy.Toolchain;

/// <summary>What a suite's index says of one package; apt has verified the index against the suite's signature.</summary>
sealed record DebianPackage(string Name, string Version, string Architecture, string Depends, long Size, long InstalledSize, string Sha256)
{
    public string Spec => $"{Name}={Version}";

    /// <summary>The file name apt gives the download.</summary>
    public string FileName => $"{Name}_{Version.Replace(":", "%3a", StringComparison.Ordinal)}_{Architecture}.deb";
}

/// <summary>Reads apt's downloaded Packages files: tens of megabytes, of which a few stanzas are wanted.</summary>
static class PackagesIndex
{
    public static List<DebianPackage> Read(IEnumerable<string> files, Func<string, bool> isWanted) =>
        [.. files.SelectMany(file => Parse(File.ReadAllBytes(file), isWanted))];

    internal static List<DebianPackage> Parse(ReadOnlySpan<byte> text, Func<string, bool> isWanted)
    {
        var found = new List<DebianPackage>();
        while (!text.IsEmpty)
        {
            var end = text.IndexOf("\n\n"u8);
            var stanza = end < 0 ? text : text[..end];
            text = end < 0 ? [] : text[(end + 2)..];
            if (isWanted(PackageName(stanza)) && ParseStanza(Encoding.UTF8.GetString(stanza)) is { } package) found.Add(package);
        }
        return found;
    }

    static string PackageName(ReadOnlySpan<byte> stanza)
    {
        var field = "Package: "u8;
        var start = stanza.StartsWith(field) ? 0 : stanza.IndexOf("\nPackage: "u8) + 1;
        var line = stanza[start..];
        if (!line.StartsWith(field)) return "";
        var end = line.IndexOf((byte)'\n');
        return Encoding.ASCII.GetString(end < 0 ? line[field.Length..] : line[field.Length..end]);
    }

    static DebianPackage? ParseStanza(string stanza)
    {
        var fields = Deb822.Paragraphs(stanza).First();
        string Field(string name) => fields.GetValueOrDefault(name, "");
        if (!long.TryParse(Field("Size"), out var size)) return null;
        var depends = string.Join(", ", new[] { Field("Pre-Depends"), Field("Depends") }.Where(list => list.Length > 0));
        _ = long.TryParse(Field("Installed-Size"), out var kibibytes);
        return new DebianPackage(Field("Package"), Field("Version"), Field("Architecture"), depends, size, kibibytes << 10, Field("SHA256"));
    }
}
