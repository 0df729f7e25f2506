using System.Text.RegularExpressions;

namespace Understudy.Runner.Dkms;

/// <summary>A line of <c>dkms status</c>: <c>nic/1.0, 6.12.0-amd64, x86_64: installed</c>, or <c>nic/1.0: added</c>.</summary>
/// <param name="Version">The package's version.</param>
/// <param name="Kernel">The kernel's release; empty for one that is only added.</param>
/// <param name="State"><c>added</c>, <c>built</c> or <c>installed</c>.</param>
/// <param name="Text">The whole line.</param>
sealed partial record DkmsStatus(string Version, string Kernel, string State, string Text)
{
    /// <summary>The lines that speak of a package.</summary>
    public static IReadOnlyList<DkmsStatus> Parse(string text, string package) =>
    [
        .. text.Split('\n').Select(line => Line().Match(line.Trim())).Where(match => match.Success && match.Groups["package"].Value == package)
            .Select(match => new DkmsStatus(match.Groups["version"].Value, match.Groups["kernel"].Value, match.Groups["state"].Value, match.Value)),
    ];

    [GeneratedRegex(@"^(?<package>[^/,:\s]+)/(?<version>[^,:\s]+)(, (?<kernel>[^,\s]+), [^,:\s]+)?: (?<state>\w+).*$", RegexOptions.ExplicitCapture)]
    private static partial Regex Line();
}
