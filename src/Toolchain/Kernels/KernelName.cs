using System.Text.RegularExpressions;

namespace Understudy.Toolchain;

/// <summary>
/// Debian's names for kernels. A package <c>linux-image-6.12.107+deb13-cloud-amd64</c> is the release
/// <c>6.12.107+deb13-cloud-amd64</c>, which is asked for as <c>debian:6.12-cloud</c> or by its whole release.
/// </summary>
/// <param name="Release">What <c>uname -r</c> prints.</param>
/// <param name="Series">Major and minor number and flavour: "6.12-cloud".</param>
/// <param name="IsCandidate">A release candidate (-rc).</param>
sealed partial record KernelName(string Release, string Series, bool IsCandidate)
{
    public const string Scheme = "debian:";
    public const string Newest = "debian:latest";
    const string ImagePrefix = "linux-image-";

    // Two numbers alone are a meta-package ("linux-image-6.12-amd64"), which holds no kernel.
    [GeneratedRegex(@"^(?<series>\d+\.\d+)(\.\d+|(?<rc>-rc\d+))[^-]*(-\d+)?(-(?<flavour>cloud|rt))?-amd64$", RegexOptions.ExplicitCapture)]
    private static partial Regex ReleaseShape();

    public string Name => Scheme + Series;

    public static KernelName? OfPackage(string package)
    {
        if (!package.StartsWith(ImagePrefix, StringComparison.Ordinal)) return null;
        var release = package[ImagePrefix.Length..];
        var match = ReleaseShape().Match(release);
        if (!match.Success) return null;
        var flavour = match.Groups["flavour"].Value;
        return new KernelName(release, match.Groups["series"].Value + (flavour.Length > 0 ? $"-{flavour}" : ""), match.Groups["rc"].Success);
    }
}
