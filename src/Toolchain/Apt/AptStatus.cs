using System.Text.RegularExpressions;

namespace Understudy.Toolchain;

/// <summary>
/// A dpkg status file with one pretended package that provides whatever given packages depend on beyond themselves. So
/// <c>apt-get install --download-only</c> fetches exactly them; unlike <c>apt-get download</c> it resumes what was interrupted.
/// </summary>
static partial class AptStatus
{
    // Newer than any wanted version, and in no suite.
    const string Newest = "999999:0";
    const string Oldest = "0~~";

    [GeneratedRegex(@"^(?<name>[^\s:(]+)(:\w+)?\s*(\((?<relation><<|<=|=|>=|>>)\s*(?<version>[^)\s]+)\))?$", RegexOptions.ExplicitCapture)]
    private static partial Regex Dependency();

    public static string Satisfying(IReadOnlyList<DebianPackage> packages)
    {
        var own = packages.Select(package => package.Name).ToHashSet();
        var provided = packages.SelectMany(package => package.Depends.Split(',', '|'))
            .Select(depend => Dependency().Match(depend.Trim()))
            .Where(match => match.Success && !own.Contains(match.Groups["name"].Value))
            .Select(match => $"{match.Groups["name"].Value} (= {Version(match)})")
            .Distinct().Order(StringComparer.Ordinal).ToList();
        return Pretending(provided);
    }

    /// <summary>A status file that takes these for installed, each <c>name</c> or <c>name (= version)</c>.</summary>
    public static string Pretending(IReadOnlyList<string> provided) => provided.Count == 0 ? "" : $"""
        Package: understudy-host
        Status: install ok installed
        Version: 1
        Architecture: amd64
        Maintainer: none
        Description: provides what is not fetched
        Provides: {string.Join(", ", provided)}

        """;

    static string Version(Match dependency) => dependency.Groups["relation"].Value switch
    {
        "=" or "<=" => dependency.Groups["version"].Value,
        "<<" => Oldest,
        _ => Newest,
    };
}
