using System.Globalization;
using System.IO.Enumeration;
using System.Text.RegularExpressions;
using Understudy.Toolchain;

namespace Understudy.Runner.Suites;

/// <summary>The kernels a test is for: comparisons of the release, which must all hold, and releases or names of the kernel catalog, of
/// which one must fit: <c>&gt;=6.1</c>, <c>&lt;7.0</c>, <c>6.12</c>, <c>debian:*</c>.</summary>
public sealed partial class KernelConstraint
{
    readonly List<(string Operator, Version Release)> _comparisons = [];
    readonly List<string> _names = [];
    readonly string _text;

    KernelConstraint(IReadOnlyList<string> terms) => _text = string.Join(", ", terms);

    /// <summary>Reads its terms.</summary>
    /// <exception cref="FormatException">A term is not one; the message says which.</exception>
    public static KernelConstraint Parse(params IReadOnlyList<string> terms)
    {
        var constraint = new KernelConstraint(terms);
        foreach (var term in terms) constraint.Add(term.Trim());
        constraint.CheckRange();
        return constraint;
    }

    // Every lower bound against every upper one; of releases that are named, nothing is known here.
    void CheckRange()
    {
        foreach (var (low, from) in _comparisons.Where(bound => !bound.Operator.StartsWith('<')))
            foreach (var (high, to) in _comparisons.Where(bound => !bound.Operator.StartsWith('>')))
                if (from > to || (from == to && (low == ">" || high == "<"))) throw new FormatException($"'{_text}' leaves no kernel; expected bounds such as '>=6.1' and '<7'");
    }

    /// <summary>Whether a test of this constraint is for the kernel.</summary>
    public bool Allows(Kernel kernel) => Allows(kernel.Name, kernel.Release);

    /// <inheritdoc/>
    public override string ToString() => _text;

    internal bool Allows(string name, string release)
    {
        var version = Number().Match(release) is { Success: true } number ? ReleaseOf(number) : new Version(0, 0, 0);
        return _comparisons.All(comparison => Holds(version.CompareTo(comparison.Release), comparison.Operator))
            && (_names.Count == 0 || _names.Any(wanted => Fits(wanted, name, release)));
    }

    void Add(string term)
    {
        var match = Comparison().Match(term);
        if (match.Success) _comparisons.Add((match.Groups["operator"].Value, ReleaseOf(match)));
        else if (term.Length > 0 && term.IndexOfAny([' ', '<', '>', '=']) < 0) _names.Add(term);
        else throw new FormatException($"expected a kernel such as '>=6.12', '6.1' or 'debian:7.2', not '{term}'");
    }

    static bool Fits(string wanted, string name, string release)
        => char.IsAsciiDigit(wanted[0])
            ? release.StartsWith(wanted, StringComparison.Ordinal) && (release.Length == wanted.Length || !char.IsAsciiDigit(release[wanted.Length]))
            : FileSystemName.MatchesSimpleExpression(wanted, name, ignoreCase: false);

    static bool Holds(int order, string comparison) => comparison switch
    {
        ">=" => order >= 0,
        "<=" => order <= 0,
        ">" => order > 0,
        "<" => order < 0,
        _ => order == 0,
    };

    static Version ReleaseOf(Match match) => new(Part(match, "major"), Part(match, "minor"), Part(match, "patch"));

    static int Part(Match match, string name) => match.Groups[name] is { Success: true } part && int.TryParse(part.ValueSpan, CultureInfo.InvariantCulture, out var value) ? value : 0;

    [GeneratedRegex(@"^(?<operator>>=|<=|==|=|>|<)\s*(?<major>\d{1,6})(\.(?<minor>\d{1,6}))?(\.(?<patch>\d{1,6}))?$", RegexOptions.ExplicitCapture)]
    private static partial Regex Comparison();

    [GeneratedRegex(@"^(?<major>\d{1,6})(\.(?<minor>\d{1,6}))?(\.(?<patch>\d{1,6}))?", RegexOptions.ExplicitCapture)]
    private static partial Regex Number();
}
