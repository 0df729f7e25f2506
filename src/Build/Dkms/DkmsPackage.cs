using System.IO.Compression;
using System.Text;
using System.Text.RegularExpressions;

namespace Understudy.Build;

/// <summary>A directory with a <c>dkms.conf</c> as what is given to users: a tarball for <c>dkms ldtarball</c>, and a Debian package that has DKMS
/// build when it is installed, as <c>dh_dkms</c> would make it. The same sources give the same bytes, whoever packs them, where and when.</summary>
public sealed partial class DkmsPackage
{
    readonly IReadOnlyList<PackedFile> _files;

    DkmsPackage(DkmsConf conf, IReadOnlyList<PackedFile> files) => (Conf, _files) = (conf, files);

    /// <summary>What its <c>dkms.conf</c> says.</summary>
    public DkmsConf Conf { get; }

    /// <summary>The name of the Debian package: <c>nic-dkms</c>.</summary>
    public string DebianName => $"{Strange().Replace(Conf.Name.ToLowerInvariant(), "-")}-dkms";

    /// <summary>The version of the Debian package, which begins with a digit.</summary>
    public string DebianVersion => $"{(char.IsAsciiDigit(Conf.Version[0]) ? "" : "0~")}{Conf.Version.Replace('_', '.')}";

    /// <summary>The tarball's file name.</summary>
    public string TarballName => $"{Conf.Name}-{Conf.Version}.dkms.tar.gz";

    /// <summary>The Debian package's file name.</summary>
    public string DebName => $"{DebianName}_{DebianVersion}_all.deb";

    /// <summary>What the build of a package said, as errors and warnings.</summary>
    /// <param name="log">The lines of DKMS's <c>make.log</c>.</param>
    public IReadOnlyList<CompilerMessage> Messages(IEnumerable<string> log) => BuildLog.Read(log, $"/var/lib/dkms/{Conf.Name}/{Conf.Version}/build");

    /// <summary>The one of them that explains the others; null when none is an error.</summary>
    public static CompilerMessage? First(IReadOnlyList<CompilerMessage> messages) => BuildLog.First(messages);

    /// <summary>Where DKMS has the sources of an installed package.</summary>
    public string SourceTree => $"/usr/src/{Conf.Name}-{Conf.Version}";

    /// <summary>Reads a directory; what builds have left in it is not packed.</summary>
    /// <exception cref="FormatException">Its <c>dkms.conf</c> is not there or of no use.</exception>
    /// <exception cref="BuildFailedException">There is too much in it.</exception>
    public static DkmsPackage Read(string directory)
    {
        var conf = DkmsConf.Read(directory);
        var sources = ModuleSources.ReadAny(directory);
        return new DkmsPackage(conf, [.. sources.Files.Select(file => new PackedFile(file.Key, file.Value, sources.IsExecutable(file.Key)))]);
    }

    /// <summary>The next version of it: the same sources under the next number. Where they say a MODULE_VERSION that is the package's, they say
    /// the next one; where they do not, the module says the next version in a tag of its own, for no next version is the same to the byte.</summary>
    public DkmsPackage Next()
    {
        var next = Raise(Conf.Version);
        var conf = Conf.WithVersion(next);
        var said = new Regex($"""(\bMODULE_VERSION\s*\(\s*"){Regex.Escape(Conf.Version)}("\s*\))""");
        var follows = _files.Any(file => IsSource(file) && said.IsMatch(file.Text));
        var tagged = follows ? null : _files.FirstOrDefault(file => IsSource(file) && file.Text.Contains("MODULE_LICENSE", StringComparison.Ordinal));
        return new DkmsPackage(conf, [.. _files.Select(file =>
            file.Name == DkmsConf.FileName ? file with { Content = Encoding.UTF8.GetBytes(conf.Text) }
            : file == tagged ? file with { Content = Encoding.UTF8.GetBytes($"{file.Text}\nMODULE_INFO(package_version, \"{next}\");\n") }
            : IsSource(file) && said.IsMatch(file.Text) ? file with { Content = Encoding.UTF8.GetBytes(said.Replace(file.Text, $"${{1}}{next}$2")) }
            : file)]);
    }

    /// <summary>The version after one: its last number raised.</summary>
    internal static string Raise(string version) => LastNumber().IsMatch(version) ? LastNumber().Replace(version, number => Plus(number.Value), 1) : $"{version}.1";

    static string Plus(string number) => (System.Numerics.BigInteger.Parse(number, System.Globalization.CultureInfo.InvariantCulture) + 1).ToString(System.Globalization.CultureInfo.InvariantCulture).PadLeft(number.Length, '0');

    /// <summary>Writes the tarball: what <c>dkms mktarball --source-only</c> would.</summary>
    public void WriteTarball(Stream output)
    {
        using var gzip = new GZipStream(output, CompressionLevel.Optimal, leaveOpen: true);
        using var tar = new PlainTar(gzip);
        tar.Directory("dkms_main_tree");
        tar.Files("dkms_source_tree", _files);
    }

    /// <summary>Writes the Debian package.</summary>
    public void WriteDeb(Stream output)
    {
        using var ar = new ArArchive(output);
        ar.Add("debian-binary", "2.0\n"u8);
        ar.Add("control.tar.gz", Gzipped(tar => tar.Files("", [new PackedFile("control", Utf8(Control)), new PackedFile("postinst", Utf8(PostInst), true), new PackedFile("prerm", Utf8(PreRm), true)])));
        ar.Add("data.tar.gz", Gzipped(tar => tar.Files(SourceTree[1..], _files)));
    }

    // deb-control(5).
    string Control => $"""
        Package: {DebianName}
        Version: {DebianVersion}
        Architecture: all
        Maintainer: {DebianName} <root@localhost>
        Installed-Size: {(_files.Sum(file => file.Content.Length) + 1023) / 1024 + 1}
        Depends: dkms (>= 2.1.0.0)
        Section: kernel
        Priority: optional
        Description: {Conf.Name} kernel module, built by DKMS
         The sources of {string.Join(", ", Conf.Modules.Select(module => module.Installed))}, which DKMS builds for each kernel that is installed.

        """;

    // What dh_dkms has these scripts do.
    string PostInst => $"""
        #!/bin/sh
        set -e
        if [ "$1" = configure ]; then
        	/usr/lib/dkms/common.postinst {Conf.Name} {Conf.Version} /usr/share/{DebianName} "" $2
        fi

        """;

    string PreRm => $"""
        #!/bin/sh
        set -e
        case "$1" in remove|upgrade|deconfigure)
        	if [ "$(dkms status -m {Conf.Name} -v {Conf.Version})" ]; then
        		dkms remove -m {Conf.Name} -v {Conf.Version} --all
        	fi ;;
        esac

        """;

    static byte[] Gzipped(Action<PlainTar> fill)
    {
        var bytes = new MemoryStream();
        using (var gzip = new GZipStream(bytes, CompressionLevel.Optimal, leaveOpen: true))
        using (var tar = new PlainTar(gzip))
            fill(tar);
        return bytes.ToArray();
    }

    static bool IsSource(PackedFile file) => file.Name.EndsWith(".c", StringComparison.Ordinal) || file.Name.EndsWith(".h", StringComparison.Ordinal);

    static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);

    [GeneratedRegex("[^a-z0-9.+-]")]
    private static partial Regex Strange();

    [GeneratedRegex(@"\d+(?=\D*$)")]
    private static partial Regex LastNumber();
}
