using System.Formats.Tar;
using System.Text;

namespace Understudy.Toolchain.Tests;

public class RootTreeTests
{
    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("./bin/sh", "usr/bin/sh")]
    [InlineData("./lib/x86_64-linux-gnu/libc.so.6", "usr/lib/x86_64-linux-gnu/libc.so.6")]
    [InlineData("./usr/bin/awk", "usr/bin/awk")]
    [InlineData("./libexec/x", "libexec/x")]
    [InlineData("./lib", null)]
    [InlineData("./", null)]
    public void What_packages_have_in_the_root_is_in_usr(string name, string? merged) => Assert.Equal(merged, RootTree.Merged(name));

    [Fact]
    public async Task Packages_become_one_system_that_dpkg_knows()
    {
        if (!File.Exists("/usr/bin/dpkg-deb")) Assert.Skip("dpkg is not on this machine");
        using var scratch = new Scratch();
        var shell = await PackAsync(scratch, "dash", "Multi-Arch: same\n", ("bin/dash", "a shell"), ("usr/share/doc/dash/README", "words"), ("etc/shared", "the first"));
        var users = await PackAsync(scratch, "base-passwd", "", ("usr/share/base-passwd/passwd.master", "root:*:0:0\n"), ("etc/shared", "the second"));
        var path = scratch.At("root.tar");
        await using (var tree = new RootTree(path))
        {
            await tree.AddAsync(shell, scratch.At("."), Cancel);
            await tree.AddAsync(users, scratch.At("."), Cancel);
            tree.Complete();
        }
        var entries = Read(path);
        Assert.Equal("a shell", entries["./usr/bin/dash"].Text);
        Assert.Equal("dash", entries["./usr/bin/sh"].Entry.LinkName);
        Assert.Equal("usr/bin", entries["./bin"].Entry.LinkName);
        Assert.Equal("root:*:0:0\n", entries["./etc/passwd"].Text);
        Assert.Equal("the first", entries["./etc/shared"].Text);
        Assert.DoesNotContain("./usr/share/doc/dash/README", entries.Keys);
        Assert.All(entries.Values, one => Assert.Equal((0, 0), (one.Entry.Uid, one.Entry.Gid)));
        Assert.Equal(["dash", "base-passwd"], Deb822.Paragraphs(entries["./var/lib/dpkg/status"].Text).Select(stanza => stanza["Package"]));
        Assert.All(Deb822.Paragraphs(entries["./var/lib/dpkg/status"].Text), stanza => Assert.Equal("install ok installed", stanza["Status"]));
        Assert.Contains("/bin/dash\n", entries["./var/lib/dpkg/info/dash:amd64.list"].Text, StringComparison.Ordinal);
        Assert.Contains("exit 0", entries["./var/lib/dpkg/info/base-passwd.postinst"].Text, StringComparison.Ordinal);
    }

    [Fact]
    public void What_apt_cannot_fulfil_is_told_in_its_own_words() => Assert.Equal("linux-headers-7.2: Depends: libc6 (>= 2.38) but 2.36-9 is to be installed", AptWords.Unmet("""
        Some packages could not be installed.
        The following packages have unmet dependencies:
         linux-headers-7.2 : Depends: libc6 (>= 2.38) but 2.36-9 is to be installed
        E: Unable to correct problems, you have held broken packages.
        """));

    [Fact]
    public void A_distribution_comes_before_all_others() =>
        Assert.Contains("Pin: release n=bookworm-security\nPin-Priority: 900\n\nPackage: *\nPin: release n=sid\nPin-Priority: 5\n", AptConfiguration.Preferences(DebianDistribution.Named("debian:12").Suites), StringComparison.Ordinal);

    [Theory]
    [InlineData("debian:21", "debian:12")]
    [InlineData("bookwrm", "bookworm")]
    public void A_distribution_that_is_not_there_is_told_with_the_nearest(string name, string nearest)
    {
        var wrong = Assert.Throws<ToolchainException>(() => DebianDistribution.Named(name));
        Assert.Equal(ToolchainProblem.UnknownName, wrong.Problem);
        Assert.Contains($"Did you mean '{nearest}'?", wrong.Message, StringComparison.Ordinal);
    }

    static async Task<string> PackAsync(Scratch scratch, string name, string fields, params (string Path, string Text)[] files)
    {
        foreach (var (path, text) in files) scratch.Write($"{name}/{path}", text);
        scratch.Write($"{name}/DEBIAN/control", $"Package: {name}\nVersion: 1\nArchitecture: amd64\nMaintainer: none <none@localhost>\n{fields}Description: a test\n");
        File.SetUnixFileMode(scratch.Write($"{name}/DEBIAN/postinst", "#!/bin/sh\nexit 0\n"), (UnixFileMode)0b111_101_101);
        var deb = scratch.At($"{name}.deb");
        await HostProcess.RequireAsync(new HostCommand("dpkg-deb", ["--root-owner-group", "-b", scratch.At(name), deb]), "packing", Cancel);
        return deb;
    }

    static Dictionary<string, (TarEntry Entry, string Text)> Read(string path)
    {
        using var reader = new TarReader(File.OpenRead(path));
        var entries = new Dictionary<string, (TarEntry, string)>();
        while (reader.GetNextEntry(copyData: true) is { } entry)
            entries.Add(entry.Name.TrimEnd('/'), (entry, entry.DataStream is { } data ? new StreamReader(data, Encoding.UTF8).ReadToEnd() : ""));
        return entries;
    }
}
