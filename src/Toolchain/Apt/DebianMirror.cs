namespace Understudy.Toolchain;

/// <summary>
/// Where Debian's archive is reached from here. No host name stands in this program: the mirror is the user's word, the machine's
/// own apt source, or what the distribution ships as data about Debian.
/// </summary>
/// <param name="Archive">The main archive.</param>
/// <param name="Security">The security archive, where one is known: it only adds newer versions.</param>
/// <param name="Origin">Who said so, for people.</param>
sealed record DebianMirror(string Archive, string? Security, string Origin)
{
    public const string Variable = "UNDERSTUDY_DEBIAN_MIRROR";
    public const string TemplatePath = "/usr/share/python-apt/templates/Debian.info";

    static readonly string[] DebianSuites =
        ["stable", "oldstable", "oldoldstable", "testing", "unstable", "sid", "bullseye", "bookworm", "trixie", "forky", "duke"];

    /// <summary>Finds the mirror of this machine, or null when nothing here names one.</summary>
    public static DebianMirror? Find(string fileSystem = "/")
    {
        string At(string path) => Path.Combine(fileSystem, path.TrimStart('/'));
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } said) return new DebianMirror(said.TrimEnd('/'), null, Variable);
        if (IsDebian(At("/etc/os-release")) && FromSources(AptSource.OfMachine(At("/etc/apt"))) is { } own) return own;
        return File.Exists(At(TemplatePath)) ? FromTemplate(File.ReadAllText(At(TemplatePath)), TemplatePath) : null;
    }

    public static ToolchainException NotFound() => new(ToolchainProblem.NoMirror,
        $"No Debian mirror is known here: {Variable} is not set, this machine's apt sources are not Debian's, and {TemplatePath} is not " +
        $"there (package python-apt-common ships it: sudo apt-get install python-apt-common). Set {Variable} to the URI of a Debian " +
        "mirror, the one that has dists/ and pool/ below it.");

    static bool IsDebian(string osRelease) => File.Exists(osRelease) && File.ReadLines(osRelease).Any(line => line is "ID=debian" or "ID=\"debian\"");

    /// <summary>The source that looks most like Debian's own archive; a third party's repository may use Debian's suite names.</summary>
    internal static DebianMirror? FromSources(IEnumerable<AptSource> sources)
    {
        var main = sources.Where(source => source.Components.Contains("main") && !source.Uri.StartsWith("cdrom:", StringComparison.Ordinal)).ToList();
        var archive = main.Where(source => source.Suites.Any(IsReleaseSuite) && Likeness(source) > 0).MaxBy(Likeness);
        if (archive is null) return null;
        var security = main.FirstOrDefault(source => source.Suites.Any(IsSecuritySuite) && Likeness(source) > 0);
        return new DebianMirror(archive.Uri.TrimEnd('/'), security?.Uri.TrimEnd('/'), "this machine's apt sources");
    }

    static bool IsReleaseSuite(string suite) => DebianSuites.Contains(suite);

    static bool IsSecuritySuite(string suite) => suite.EndsWith("-security", StringComparison.Ordinal);

    static int Likeness(AptSource source) =>
        (source.SignedBy.Contains("debian-archive", StringComparison.Ordinal) ? 8 : 0) +
        (source.Uri.TrimEnd('/').EndsWith("/debian", StringComparison.Ordinal) ? 2 : 0) +
        (source.Uri.Contains("debian", StringComparison.Ordinal) ? 1 : 0);

    /// <summary>Reads python-apt's distribution template: the archive of a plain series, and that of <c>{series}-security</c>.</summary>
    internal static DebianMirror? FromTemplate(string text, string origin)
    {
        var suites = Deb822.Paragraphs(text).Where(fields => fields.ContainsKey("Suite") && fields.ContainsKey("BaseURI")).ToList();
        string? Uri(string suite) => suites.FirstOrDefault(fields => fields["Suite"] == suite)?["BaseURI"].TrimEnd('/');
        return Uri("{series}") is { } archive ? new DebianMirror(archive, Uri("{series}-security"), origin) : null;
    }
}
