namespace Understudy.Verdict.Results;

/// <summary>A result as kselftest wrote it before it spoke TAP: <c>selftests: net: rtnetlink.sh [PASS]</c>.</summary>
readonly record struct KselftestLine(string Name, Outcome Outcome)
{
    public static bool TryParse(string body, out KselftestLine result)
    {
        result = default;
        if (!body.StartsWith("selftests: ", StringComparison.Ordinal) || !body.EndsWith(']')) return false;
        var bracket = body.LastIndexOf('[');
        Outcome? outcome = bracket < 0 ? null : body[bracket..] switch
        {
            "[PASS]" or "[OK]" => Outcome.Pass,
            "[FAIL]" => Outcome.Fail,
            "[SKIP]" => Outcome.Skip,
            _ => null,
        };
        if (outcome is not { } known) return false;
        result = new(body[..bracket].Trim(), known);
        return true;
    }
}
