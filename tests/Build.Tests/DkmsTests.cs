using System.Formats.Tar;
using System.IO.Compression;
using System.Text;

namespace Understudy.Build.Tests;

public sealed class DkmsTests : IDisposable
{
    const string Conf = """
        # a card
        PACKAGE_NAME="nic"
        PACKAGE_VERSION="1.9"
        BUILT_MODULE_NAME[0]="$PACKAGE_NAME"
        DEST_MODULE_LOCATION[0]="/updates/dkms"
        MAKE[0]="make -C ${kernel_source_dir} M=${dkms_tree}/${PACKAGE_NAME}/${PACKAGE_VERSION}/build modules"
        AUTOINSTALL="yes"

        """;

    readonly SourceFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    DkmsPackage Package(string conf = Conf, string more = "MODULE_VERSION(\"1.9\");")
    {
        _folder.WithModule("nic", more).With("nic/dkms.conf", conf).With("nic/configure", "#!/bin/sh\n").With("nic/nic.o", "left by a build").With("nic/sub/nic.h", "");
        File.SetUnixFileMode(_folder["nic/configure"], UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return DkmsPackage.Read(_folder["nic"]);
    }

    [Theory]
    [InlineData("PACKAGE_NAME=nic\nPACKAGE_VERSION='1.0'\n", "nic", "1.0", "nic")]
    [InlineData("V=2\nPACKAGE_NAME=\"nic\" # the card\nPACKAGE_VERSION=\"1.$V\"\nBUILT_MODULE_NAME=\"other\"\n", "nic", "1.2", "other")]
    [InlineData("export PACKAGE_NAME=nic\nPACKAGE_VERSION=${PACKAGE_NAME}7\nBUILT_MODULE_NAME[0]=a\nBUILT_MODULE_NAME[1]=b-b\nDEST_MODULE_NAME[1]=c-c\n", "nic", "nic7", "a c-c")]
    public void A_conf_is_read_as_bash_reads_it_as_far_as_it_runs_nothing(string text, string name, string version, string modules)
    {
        var conf = DkmsConf.Parse(text, "dkms.conf");
        Assert.Equal((name, version, modules, false), (conf.Name, conf.Version, string.Join(' ', conf.Modules.Select(module => module.Installed)), conf.AutoInstall));
    }

    [Fact]
    public void The_kernel_calls_a_module_with_a_dash_by_another_name()
        => Assert.Equal("c_c", DkmsConf.Parse("PACKAGE_NAME=n\nPACKAGE_VERSION=1\nBUILT_MODULE_NAME=c-c\n", "dkms.conf").Modules[0].Loaded);

    [Theory]
    [InlineData("PACKAGE_VERSION=1.0\n", "x/dkms.conf does not say PACKAGE_NAME: add a line such as PACKAGE_NAME=\"nic\"")]
    [InlineData("PACKAGE_NAME=nic\n", "x/dkms.conf does not say PACKAGE_VERSION")]
    [InlineData("PACKAGE_NAME=nic\nPACKAGE_VERSION=\"#MODULE_VERSION#\"\n", "x/dkms.conf:2: PACKAGE_VERSION \"#MODULE_VERSION#\" cannot be a version")]
    [InlineData("\nPACKAGE_NAME=\"a/b\"\nPACKAGE_VERSION=1\n", "x/dkms.conf:2: PACKAGE_NAME \"a/b\" cannot be the name of a package")]
    [InlineData("PACKAGE_NAME=\"nic; rm -rf /\"\nPACKAGE_VERSION=1\n", "cannot be the name of a package")]
    [InlineData("PACKAGE_NAME=nic\nPACKAGE_VERSION=\"$(git describe)\"\n", "cannot be a version")]
    [InlineData("PACKAGE_NAME=\"nic\nPACKAGE_VERSION=1\n", "x/dkms.conf:1: the quote of PACKAGE_NAME does not end on its line")]
    [InlineData("PACKAGE_NAME=nic\nPACKAGE_VERSION=1\nBUILT_MODULE_NAME[0]=nic.ko\n", "the name goes without .ko")]
    [InlineData("PACKAGE_NAME=nic\nPACKAGE_VERSION=1\nBUILT_MODULE_NAME[0]=\"a;b\"\n", "cannot be the name of a module")]
    public void A_conf_that_is_of_no_use_says_where_and_what_would_be_right(string text, string words)
        => Assert.Contains(words, Assert.Throws<FormatException>(() => DkmsConf.Parse(text, "x/dkms.conf")).Message, StringComparison.Ordinal);

    [Fact]
    public void A_directory_without_a_conf_is_told_the_least_one()
    {
        _folder.WithModule("nic");
        Assert.Contains("has no dkms.conf. The least it takes: PACKAGE_NAME=", Assert.Throws<FormatException>(() => DkmsPackage.Read(_folder["nic"])).Message, StringComparison.Ordinal);
        Assert.Contains("there is no directory", Assert.Throws<FormatException>(() => DkmsPackage.Read(_folder["none"])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_tarball_holds_the_sources_where_DKMS_looks_for_them_and_nothing_a_build_left()
    {
        var bytes = Bytes(Package().WriteTarball);
        Assert.Equal(
            ["./dkms_main_tree/", "./dkms_source_tree/", "./dkms_source_tree/Kbuild", "./dkms_source_tree/configure", "./dkms_source_tree/dkms.conf", "./dkms_source_tree/nic.c", "./dkms_source_tree/sub/", "./dkms_source_tree/sub/nic.h"],
            Entries(bytes).Select(entry => entry.Name).Order(StringComparer.Ordinal));
        Assert.All(Entries(bytes), entry => Assert.Equal((0, 0, "", ""), (entry.Uid, entry.Gid, ((GnuTarEntry)entry).UserName, ((GnuTarEntry)entry).GroupName)));
        Assert.Equal(["./dkms_source_tree/configure"], Entries(bytes).Where(entry => entry.EntryType == TarEntryType.RegularFile && entry.Mode.HasFlag(UnixFileMode.UserExecute)).Select(entry => entry.Name));
    }

    [Fact]
    public void The_same_sources_give_the_same_bytes_wherever_and_whenever_they_are_packed()
    {
        var (tarball, deb) = (Bytes(Package().WriteTarball), Bytes(Package().WriteDeb));
        using var elsewhere = new SourceFolder();
        foreach (var file in Directory.EnumerateFiles(_folder["nic"], "*", SearchOption.AllDirectories).OrderDescending())
        {
            elsewhere.With(Path.GetRelativePath(_folder["nic"], file), File.ReadAllText(file));
            var copy = elsewhere[Path.GetRelativePath(_folder["nic"], file)];
            File.SetUnixFileMode(copy, File.GetUnixFileMode(file));
            File.SetLastWriteTimeUtc(copy, new DateTime(2001, 2, 3, 4, 5, 6, DateTimeKind.Utc));
        }
        var again = DkmsPackage.Read(elsewhere.Path);
        Assert.Equal(tarball, Bytes(again.WriteTarball));
        Assert.Equal(deb, Bytes(again.WriteDeb));
    }

    [Fact]
    public async Task dpkg_takes_the_Debian_package_for_what_it_is()
    {
        if (!File.Exists("/usr/bin/dpkg-deb")) Assert.Skip("dpkg is not on this machine");
        var package = Package(Conf.Replace("\"nic\"", "\"My_Nic\"", StringComparison.Ordinal).Replace("\"1.9\"", "\"v1_9\"", StringComparison.Ordinal));
        Assert.Equal("my-nic-dkms_0~v1.9_all.deb", package.DebName);
        var deb = _folder["x.deb"];
        await File.WriteAllBytesAsync(deb, Bytes(package.WriteDeb), TestContext.Current.CancellationToken);
        var fields = await HostTool.RunAsync("dpkg-deb", ["-f", deb, "Package", "Version", "Architecture", "Depends"], "/", "reading", TestContext.Current.CancellationToken);
        Assert.Equal("Package: my-nic-dkms\nVersion: 0~v1.9\nArchitecture: all\nDepends: dkms (>= 2.1.0.0)\n", fields);
        Assert.Contains("./usr/src/My_Nic-v1_9/dkms.conf", await HostTool.RunAsync("dpkg-deb", ["-c", deb], "/", "reading", TestContext.Current.CancellationToken), StringComparison.Ordinal);
        await HostTool.RunAsync("dpkg-deb", ["-e", deb, _folder["control"]], "/", "reading", TestContext.Current.CancellationToken);
        foreach (var script in (string[])["postinst", "prerm"])
            await HostTool.RunAsync("sh", ["-n", _folder[$"control/{script}"]], "/", "checking the script", TestContext.Current.CancellationToken);
        Assert.Contains("common.postinst My_Nic v1_9 /usr/share/my-nic-dkms \"\" $2", File.ReadAllText(_folder["control/postinst"]), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1.9", "1.10")]
    [InlineData("2024.09", "2024.10")]
    [InlineData("v3-rc9b", "v3-rc10b")]
    [InlineData("beta", "beta.1")]
    public void The_next_version_has_the_last_number_raised(string version, string next) => Assert.Equal(next, DkmsPackage.Raise(version));

    [Fact]
    public void The_next_version_says_so_in_conf_and_module()
    {
        var files = Text(Package().Next());
        Assert.Contains("PACKAGE_VERSION=\"1.10\"", files["dkms.conf"], StringComparison.Ordinal);
        Assert.Contains("MAKE[0]=\"make -C ${kernel_source_dir}", files["dkms.conf"], StringComparison.Ordinal);
        Assert.Contains("MODULE_VERSION(\"1.10\");", files["nic.c"], StringComparison.Ordinal);
        Assert.DoesNotContain("package_version", files["nic.c"], StringComparison.Ordinal);
    }

    [Fact]
    public void A_module_that_does_not_say_the_package_version_is_another_one_in_the_next_all_the_same()
    {
        var files = Text(Package(more: "MODULE_VERSION(\"0.3\");").Next());
        Assert.Contains("MODULE_VERSION(\"0.3\");", files["nic.c"], StringComparison.Ordinal);
        Assert.Contains("MODULE_INFO(package_version, \"1.10\");", files["nic.c"], StringComparison.Ordinal);
    }

    static byte[] Bytes(Action<Stream> write)
    {
        var bytes = new MemoryStream();
        write(bytes);
        return bytes.ToArray();
    }

    static List<TarEntry> Entries(byte[] tarball)
    {
        using var reader = new TarReader(new GZipStream(new MemoryStream(tarball), CompressionMode.Decompress));
        var entries = new List<TarEntry>();
        while (reader.GetNextEntry(copyData: true) is { } entry) entries.Add(entry);
        return entries;
    }

    static Dictionary<string, string> Text(DkmsPackage package) => Entries(Bytes(package.WriteTarball)).Where(entry => entry.DataStream is not null)
        .ToDictionary(entry => Path.GetFileName(entry.Name), entry => new StreamReader(entry.DataStream!, Encoding.UTF8).ReadToEnd());
}
