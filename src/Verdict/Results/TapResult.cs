namespace Understudy.Verdict.Results;

/// <summary>What one result line of TAP or KTAP says.</summary>
readonly record struct TapResult(int? Number, string Name, Outcome Outcome, string? Reason)
{
    static readonly string[] Directives = ["SKIP", "TODO", "XFAIL", "TIMEOUT", "ERROR"];

    public static TapResult Of(bool failed, int? number, string text)
    {
        var (name, directive, reason) = Split(text);
        // kselftest's C harness writes the name behind the directive.
        if (name.Length == 0 && reason.Length > 0) (name, reason) = (reason, "");
        var outcome = Judge(failed, directive);
        return new(number, name.Replace("\\#", "#", StringComparison.Ordinal), outcome, reason.Length > 0 ? reason : null);
    }

    static Outcome Judge(bool failed, string? directive) => directive switch
    {
        "SKIP" => Outcome.Skip,
        "TODO" => failed ? Outcome.XFail : Outcome.XPass,
        "XFAIL" => Outcome.XFail,
        "TIMEOUT" => Outcome.Fail,
        "ERROR" => Outcome.Error,
        _ => failed ? Outcome.Fail : Outcome.Pass,
    };

    static (string Name, string? Directive, string Reason) Split(string text)
    {
        for (var hash = text.IndexOf('#', StringComparison.Ordinal); hash >= 0; hash = text.IndexOf('#', hash + 1))
        {
            if (hash > 0 && text[hash - 1] is not ' ') continue;
            var words = text[(hash + 1)..].TrimStart();
            var directive = Array.Find(Directives, d => words.StartsWith(d, StringComparison.OrdinalIgnoreCase));
            if (directive is not null) return (text[..hash].Trim(), directive, words[directive.Length..].Trim(' ', ':', '-'));
            // What kselftest's runner adds to the name: how the test exited.
            if (words.StartsWith("exit=", StringComparison.Ordinal)) return (text[..hash].Trim(), null, words);
        }
        return (text.Trim(), null, "");
    }
}
