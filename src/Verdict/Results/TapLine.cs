using System.Globalization;

namespace Understudy.Verdict.Results;

/// <summary>A line of TAP or KTAP that means something: a version, a plan, or a result.</summary>
/// <param name="Prefix">What stands before it: spaces, or <c># </c> where a runner passes on what a test said.</param>
/// <param name="Body">The rest.</param>
readonly record struct TapLine(string Prefix, string Body)
{
    public static TapLine Of(string line)
    {
        var at = 0;
        while (at < line.Length && (line[at] is ' ' or '\t' || (line[at] == '#' && at + 1 < line.Length && line[at + 1] == ' '))) at++;
        return new(line[..at], line[at..].TrimEnd());
    }

    /// <summary>Whether a line says something by itself, wherever it stands.</summary>
    public static bool Looks(string line)
    {
        var tap = Of(line);
        return tap.IsVersion || tap.TryPlan(out _, out _) || tap.TryResult(out _);
    }

    public bool IsQuoted => Prefix.Contains('#', StringComparison.Ordinal);

    public bool IsVersion => Is("TAP version ") || Is("KTAP version ");

    public bool IsBailOut => Body.StartsWith("Bail out!", StringComparison.OrdinalIgnoreCase);

    bool Is(string start) => Body.StartsWith(start, StringComparison.Ordinal);

    /// <summary>The name of a test that has tests of its own, told before they run.</summary>
    public string? Announced =>
        !IsQuoted ? null : Is("Subtest: ") ? Body["Subtest: ".Length..].Trim() : Is("selftests: ") ? Body : null;

    public bool TryPlan(out int count, out string? skipped)
    {
        (count, skipped) = (0, null);
        if (!Is("1..")) return false;
        var digits = Body.AsSpan(3);
        var end = digits.IndexOfAnyExceptInRange('0', '9');
        var rest = end < 0 ? "" : digits[end..].Trim().ToString();
        if (!int.TryParse(end < 0 ? digits : digits[..end], NumberStyles.None, CultureInfo.InvariantCulture, out count)) return false;
        if (rest.Length == 0) return true;
        if (rest[0] != '#') return false;
        var reason = rest[1..].Trim();
        if (count == 0) skipped = reason.StartsWith("SKIP", StringComparison.OrdinalIgnoreCase) ? reason[4..].Trim(' ', ':') : reason;
        return true;
    }

    public bool TryResult(out TapResult result)
    {
        result = default;
        var failed = Is("not ok");
        if (!failed && !Is("ok")) return false;
        var rest = Body.AsSpan(failed ? 6 : 2);
        if (!rest.IsEmpty && rest[0] != ' ') return false;
        rest = rest.TrimStart();
        var number = TakeNumber(ref rest);
        if (rest.StartsWith("-")) rest = rest[1..].TrimStart();
        result = TapResult.Of(failed, number, rest.ToString());
        return true;
    }

    // kselftest before 5.2 wrote "ok 1..3 selftests: ...".
    static int? TakeNumber(ref ReadOnlySpan<char> rest)
    {
        var end = rest.IndexOfAnyExceptInRange('0', '9');
        if (!int.TryParse(end < 0 ? rest : rest[..end], NumberStyles.None, CultureInfo.InvariantCulture, out var number)) return null;
        var after = end < 0 ? [] : rest[end..];
        if (after.StartsWith("..")) after = after[2..].TrimStart("0123456789");
        if (!after.IsEmpty && after[0] != ' ') return null;
        rest = after.TrimStart();
        return number;
    }
}
