using System.Text;

namespace Understudy.Toolchain;

/// <summary>
/// The text that makes an apt of our own: it reads the user's configuration (proxies, certificates, credentials), then takes its
/// own state, cache and sources, drops every hook, and insists on all checks. apt.conf(5), sources.list(5), apt_preferences(5).
/// </summary>
static class AptConfiguration
{
    public static string Config(string root, string etcApt, string? usersOwn)
    {
        var text = new StringBuilder();
        foreach (var file in UserFiles(etcApt, usersOwn)) text.Append($"#include \"{file}\";\n");
        text.Append("""
            #clear APT::Update;
            #clear APT::Default-Release;
            #clear APT::Architectures;
            #clear APT::Get;
            #clear APT::Install-Recommends;
            #clear DPkg;
            #clear AptCli;
            #clear Acquire::Check-Valid-Until;
            #clear Acquire::Check-Date;
            #clear Acquire::Min-ValidTime;
            #clear Acquire::Max-FutureTime;
            APT::Architecture "amd64";
            APT::Install-Recommends "false";
            APT::Sandbox::User "";
            APT::Get::AllowUnauthenticated "false";
            Acquire::AllowInsecureRepositories "false";
            Acquire::AllowWeakRepositories "false";
            Acquire::AllowDowngradeToInsecureRepositories "false";
            Acquire::Check-Valid-Until "true";
            Acquire::Check-Date "true";
            Acquire::GzipIndexes "false";
            Acquire::Languages "none";
            Acquire::PDiffs "false";
            Dir::Etc::main "/dev/null";
            Dir::Etc::parts "/dev/null";
            Dir::Etc::sourceparts "/dev/null";
            Dir::Etc::preferencesparts "/dev/null";
            Dir::Etc::trusted "/dev/null";
            Dir::Etc::trustedparts "/dev/null";
            Dir::Cache::pkgcache "pkgcache.bin";
            Dir::Cache::srcpkgcache "";

            """);
        text.Append($"Dir::Etc::sourcelist \"{root}/understudy.sources\";\n");
        text.Append($"Dir::Etc::preferences \"{root}/preferences\";\n");
        text.Append($"Dir::State \"{root}\";\nDir::State::lists \"{root}/lists\";\nDir::State::status \"{root}/status\";\n");
        text.Append($"Dir::Cache \"{root}\";\nDir::Cache::archives \"{root}/debs\";\n");
        return text.ToString();
    }

    // The files apt itself would read: its parts directory takes *.conf and names without an extension.
    static IEnumerable<string> UserFiles(string etcApt, string? usersOwn)
    {
        var parts = Path.Combine(etcApt, "apt.conf.d");
        var files = Directory.Exists(parts) ? Directory.GetFiles(parts) : [];
        return files.Where(file => Path.GetExtension(file) is "" or ".conf").Order(StringComparer.Ordinal)
            .Prepend(usersOwn ?? "").Append(Path.Combine(etcApt, "apt.conf")).Where(File.Exists);
    }

    public static string Sources(DebianMirror mirror, string keyring)
    {
        var text = Stanza(mirror.Archive, DebianSuites.All.Where(suite => !suite.IsSecurity), keyring);
        return mirror.Security is { } security ? text + "\n" + Stanza(security, DebianSuites.All.Where(suite => suite.IsSecurity), keyring) : text;
    }

    static string Stanza(string uri, IEnumerable<DebianSuite> suites, string keyring) => $"""
        Types: deb
        URIs: {uri}
        Suites: {string.Join(' ', suites.Select(suite => suite.Name))}
        Components: main
        Architectures: amd64
        Targets: Packages
        Check-Valid-Until: yes
        Check-Date: yes
        Signed-By: {keyring}

        """;

    public static string Preferences() => string.Join('\n', DebianSuites.All.Select(suite => Pin(suite.Name, suite.Priority)));

    /// <summary>Pins for one distribution: another release has only what this one has not at all.</summary>
    public static string Preferences(IReadOnlyList<string> suites) =>
        string.Join('\n', DebianSuites.All.Select(suite => Pin(suite.Name, suites.Contains(suite.Name) ? Preferred : suite.Priority)));

    // Above what any other suite has (apt_preferences(5)).
    const int Preferred = 900;

    static string Pin(string suite, int priority) => $"""
        Package: *
        Pin: release n={(suite == "experimental" ? "rc-buggy" : suite)}
        Pin-Priority: {priority}

        """;
}
