using System.Globalization;

namespace Understudy.Toolchain;

/// <summary>Reads what apt-get says (in the C locale), and turns its failures into words that say what to do.</summary>
static class AptWords
{
    static readonly string[] Unreachable =
    [
        "Could not resolve", "Temporary failure resolving", "Could not connect", "Unable to connect", "Connection refused",
        "Network is unreachable", "No route to host", "timed out", "Connection failed", "Could not handshake",
    ];

    /// <summary>The percentage in a "dlstatus" line of APT::Status-Fd, or null for any other line.</summary>
    public static double? Percent(string line) =>
        line.Split(':') is ["dlstatus", _, var percent, ..] && double.TryParse(percent, NumberStyles.Float, CultureInfo.InvariantCulture, out var value)
            ? value
            : null;

    /// <summary>The package file names of <c>apt-get --print-uris</c>: <c>'uri' name size hash</c>.</summary>
    public static IEnumerable<string> FileNames(string output) => output.Split('\n')
        .Where(line => line.StartsWith('\''))
        .Select(line => line.Split(' '))
        .Where(words => words.Length > 1)
        .Select(words => words[1]);

    /// <summary>What apt says cannot be fulfilled, in a line; empty when it says nothing of the kind.</summary>
    public static string Unmet(string output)
    {
        var lines = output.Split('\n').SkipWhile(line => !line.Contains("unmet dependencies:", StringComparison.Ordinal)).Skip(1)
            .Where(line => line.StartsWith(' ')).Select(line => string.Join(' ', line.Split(' ', StringSplitOptions.RemoveEmptyEntries)).Replace(" : ", ": ", StringComparison.Ordinal));
        return string.Join("; ", lines.Take(3));
    }

    /// <summary>The lines that speak of one suite.</summary>
    public static string About(string words, string suite) => Brief(string.Join('\n', words.Split('\n').Where(line =>
        line.Contains($"/dists/{suite}/", StringComparison.Ordinal) || line.Contains($" {suite} ", StringComparison.Ordinal))));

    public static string Brief(string words)
    {
        var lines = words.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Where(line => line.StartsWith("E:", StringComparison.Ordinal) || line.StartsWith("W:", StringComparison.Ordinal))
            .Where(line => !line.Contains("Some index files failed", StringComparison.Ordinal))
            .Select(line => line[2..].Trim()).Distinct().Take(2);
        return string.Join(" / ", lines);
    }

    public static bool IsUnknownKey(string words) =>
        words.Contains("NO_PUBKEY", StringComparison.Ordinal) || words.Contains("Missing key", StringComparison.Ordinal) ||
        words.Contains("couldn't be verified", StringComparison.Ordinal);

    public static bool IsUnreachable(string words) => Unreachable.Any(phrase => words.Contains(phrase, StringComparison.OrdinalIgnoreCase));

    public static bool IsGone(string words) => words.Contains("404", StringComparison.Ordinal) || words.Contains("was not found", StringComparison.Ordinal);

    public static string LeftOut(string suite, string words) =>
        $"Debian {suite} is left out: {WhyLeftOut(About(words, suite))}";

    // How long ago a suite expired changes with every second; that it did is the news.
    static string WhyLeftOut(string why) => why switch
    {
        "" => "the mirror does not have it",
        _ when why.Contains(" is expired ", StringComparison.Ordinal) => "its Release file on the mirror has expired",
        _ => why,
    };

    /// <summary>Errors about suites whose earlier lists are still at hand and go on being used.</summary>
    public static IEnumerable<string> NotRefreshed(string words, IReadOnlyCollection<DebianSuite> missing) => DebianSuites.All
        .Where(suite => !missing.Contains(suite) && About(words, suite.Name).Length > 0)
        .Select(suite => $"Debian {suite.Name} was not refreshed, its earlier list is used: {About(words, suite.Name)}");

    public static ToolchainException SuiteFailed(string suite, DebianMirror mirror, string words, string cache)
    {
        var why = About(words, suite) is { Length: > 0 } own ? own : Brief(words);
        if (IsUnreachable(words))
            return new ToolchainException(ToolchainProblem.Offline,
                $"The Debian mirror {mirror.Archive} (from {mirror.Origin}) cannot be reached, and no package list is in the cache {cache} yet " +
                $"({why}). Connect to the network, check apt's proxy settings, or set {DebianMirror.Variable} to a mirror you can reach.");
        if (IsUnknownKey(why))
            return new ToolchainException(ToolchainProblem.Unverified,
                $"Debian {suite} cannot be verified: the keyring here lacks its key ({why}). Update it: " +
                "sudo apt-get install --only-upgrade debian-archive-keyring. Where the distribution has no newer one, put Debian's current " +
                $"debian-archive-keyring.gpg at {cache}/keyring/debian-archive-keyring.gpg.");
        return new ToolchainException(ToolchainProblem.Unverified,
            $"Debian {suite} cannot be had from {mirror.Archive} (from {mirror.Origin}): {(why.Length > 0 ? why : "apt gave no reason")}. " +
            $"If the machine's clock is right, set {DebianMirror.Variable} to another Debian mirror.");
    }

    public static ToolchainException DownloadFailed(IReadOnlyList<DebianPackage> packages, string words, string cache)
    {
        var what = packages.Count == 1 ? packages[0].Spec : $"{packages[0].Spec} and {packages.Count - 1} more packages";
        if (ToolchainException.IsDiskFull(words)) return ToolchainException.DiskFull(cache, $"downloading {what}");
        if (IsUnreachable(words))
            return new ToolchainException(ToolchainProblem.Offline,
                $"The Debian mirror cannot be reached, and {what} is not in the cache {cache} ({Brief(words)}). Connect to the network and run it " +
                "again: the download goes on where it stopped. What is in the cache already works offline ('understudy kernels' lists it).");
        return new ToolchainException(IsGone(words) ? ToolchainProblem.UnknownName : ToolchainProblem.ProgramFailed,
            $"Downloading {what} failed: {Brief(words)}. Run 'understudy setup' to read the package lists anew, then try again.");
    }
}
