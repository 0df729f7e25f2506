namespace Understudy.Toolchain.Tests;

public class AptConfigurationTests
{
    [Fact]
    public async Task The_users_proxy_is_kept_and_the_users_hooks_and_relaxed_checks_are_not()
    {
        using var scratch = new Scratch();
        scratch.Write("apt/apt.conf.d/10proxy", "Acquire::http::Proxy \"http://proxy.example:3128\";\n");
        scratch.Write("apt/apt.conf.d/99loose.conf", """
            Acquire::Check-Valid-Until "false";
            Acquire::AllowInsecureRepositories "true";
            APT::Get::AllowUnauthenticated "true";
            APT::Update::Post-Invoke { "touch /nowhere"; };
            APT::Update::Post-Invoke-Success:: "touch /nowhere";
            DPkg::Pre-Install-Pkgs { "touch /nowhere"; };
            """);
        scratch.Write("apt/apt.conf.d/50ignored.disabled", "APT::Ignored \"yes\";\n");
        var config = scratch.Write("apt.conf", AptConfiguration.Config(scratch.At("root"), scratch.At("apt"), null));
        var dump = await DumpAsync(config);

        Assert.Contains("Acquire::http::Proxy \"http://proxy.example:3128\";", dump, StringComparison.Ordinal);
        Assert.DoesNotContain("/nowhere", dump, StringComparison.Ordinal);
        Assert.DoesNotContain("Ignored \"yes\"", dump, StringComparison.Ordinal);
        Assert.Contains("Acquire::Check-Valid-Until \"true\";", dump, StringComparison.Ordinal);
        Assert.Contains("Acquire::AllowInsecureRepositories \"false\";", dump, StringComparison.Ordinal);
        Assert.Contains("APT::Get::AllowUnauthenticated \"false\";", dump, StringComparison.Ordinal);
        Assert.Contains($"Dir::State::lists \"{scratch.At("root")}/lists\";", dump, StringComparison.Ordinal);
    }

    static async Task<string> DumpAsync(string config)
    {
        if (!File.Exists("/usr/bin/apt-config")) Assert.Skip("apt is not on this machine");
        var command = new HostCommand("/usr/bin/apt-config", ["dump"]) { Environment = new Dictionary<string, string> { ["APT_CONFIG"] = config } };
        return (await HostProcess.RequireAsync(command, "dumping apt's configuration", TestContext.Current.CancellationToken)).Output;
    }

    [Fact]
    public void The_security_suites_are_only_asked_for_where_a_security_archive_is_known()
    {
        var without = AptConfiguration.Sources(new DebianMirror("http://mirror.example/debian", null, "a test"), "/keys");
        var with = AptConfiguration.Sources(new DebianMirror("http://mirror.example/debian", "http://security.example", "a test"), "/keys");
        Assert.DoesNotContain("-security", without, StringComparison.Ordinal);
        Assert.Contains("URIs: http://security.example\nSuites: trixie-security bookworm-security\n", with, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("dlstatus:1:9.4737:Retrieving file 1 of 90 (3s remaining)", 9.4737)]
    [InlineData("Get:1 http://mirror.example/debian trixie InRelease [140 kB]", null)]
    [InlineData("dlstatus:1:x:", null)]
    public void Apts_download_status_is_read(string line, double? percent) => Assert.Equal(percent, AptWords.Percent(line));

    [Fact]
    public void The_warning_about_a_suite_gives_apts_own_reason()
    {
        const string words = """
            E: Release file for http://mirror.example/debian/dists/sid/InRelease is expired (invalid since 14d). Updates for this repository will not be applied.
            E: The repository 'http://mirror.example/debian experimental Release' is not signed.
            """;
        Assert.Equal("Debian sid is left out: its Release file on the mirror has expired", AptWords.LeftOut("sid", words));
        Assert.Contains("is not signed", AptWords.LeftOut("experimental", words), StringComparison.Ordinal);
    }
}
