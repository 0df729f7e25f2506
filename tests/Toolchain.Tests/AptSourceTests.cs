namespace Understudy.Toolchain.Tests;

public class AptSourceTests
{
    const string Deb822Text = """
        # comment
        Types: deb
        URIs: http://mirror.example/debian
        Suites: bookworm bookworm-updates
        Components: main contrib
        Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

        Types: deb deb-src
        URIs: http://mirror.example/debian-security
        Suites: bookworm-security
        Components: main
        Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

        Types: deb
        Enabled: no
        URIs: http://off.example/debian
        Suites: bookworm
        Components: main
        """;

    [Fact]
    public void Deb822_sources_are_read_and_disabled_ones_left_out()
    {
        var sources = AptSource.Parse("debian.sources", Deb822Text).ToList();
        Assert.Equal(["http://mirror.example/debian", "http://mirror.example/debian-security"], sources.Select(source => source.Uri));
        Assert.Equal(["bookworm", "bookworm-updates"], sources[0].Suites);
        Assert.Equal(["main", "contrib"], sources[0].Components);
    }

    [Fact]
    public void One_line_sources_are_read_with_their_options()
    {
        var sources = AptSource.Parse("sources.list", """
            # deb http://commented.example/debian trixie main
            deb-src http://mirror.example/debian trixie main
            deb [ arch=amd64 signed-by=/usr/share/keyrings/debian-archive-keyring.gpg ] http://mirror.example/debian/ trixie main non-free # why
            """).ToList();
        var source = Assert.Single(sources);
        Assert.Equal("http://mirror.example/debian/", source.Uri);
        Assert.Equal(["trixie"], source.Suites);
        Assert.Equal(["main", "non-free"], source.Components);
        Assert.Equal("/usr/share/keyrings/debian-archive-keyring.gpg", source.SignedBy);
    }

    [Fact]
    public void The_mirror_of_a_Debian_is_its_main_archive_and_its_security_archive()
    {
        var mirror = DebianMirror.FromSources(AptSource.Parse("debian.sources", Deb822Text));
        Assert.Equal("http://mirror.example/debian", mirror?.Archive);
        Assert.Equal("http://mirror.example/debian-security", mirror?.Security);
    }

    [Fact]
    public void A_third_party_that_uses_Debians_suite_names_is_not_taken_for_Debian()
    {
        var sources = AptSource.Parse("sources.list", """
            deb [signed-by=/etc/apt/keyrings/vendor.gpg] https://vendor.example/linux/debian bookworm main
            deb cdrom:[Debian]/ bookworm main
            deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] https://archive.example/pub/debian bookworm main
            """);
        Assert.Equal("https://archive.example/pub/debian", DebianMirror.FromSources(sources)?.Archive);
        Assert.Null(DebianMirror.FromSources(AptSource.Parse("sources.list", "deb https://vendor.example/linux bookworm stable")));
    }

    [Fact]
    public void On_an_Ubuntu_the_mirror_is_the_one_its_description_of_Debian_names()
    {
        using var scratch = new Scratch();
        scratch.Write("etc/os-release", "NAME=\"Ubuntu\"\nID=ubuntu\nID_LIKE=debian\n");
        scratch.Write("etc/apt/sources.list", "deb http://archive.example/ubuntu noble main universe\n");
        Assert.Null(DebianMirror.Find(scratch.At("")));

        scratch.Write("usr/share/python-apt/templates/Debian.info", """
            ChangelogURI: https://changelogs.example/%s
            _X: y

            Suite: {series}
            RepositoryType: deb
            BaseURI: https://mirror.example/debian/
            MatchURI: mirror
            Component: main
            X-Version: ge 12

            Suite: {series}-security
            BaseURI: https://security.example/

            Suite: {series}-updates
            ParentSuite: {series}
            """);
        var mirror = DebianMirror.Find(scratch.At(""));
        Assert.Equal("https://mirror.example/debian", mirror?.Archive);
        Assert.Equal("https://security.example", mirror?.Security);
    }

    [Fact]
    public void Without_any_mirror_the_error_says_which_variable_to_set() =>
        Assert.Contains("UNDERSTUDY_DEBIAN_MIRROR", DebianMirror.NotFound().Message, StringComparison.Ordinal);
}
