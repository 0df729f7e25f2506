using System.Globalization;
using System.Text.RegularExpressions;

namespace Understudy.Verdict.Results;

/// <summary>Reads the Linux Test Project's results, of its new library (<c>file.c:12: TPASS: text</c>, then a summary), of its shell
/// library and of its old one (<c>name 1 TPASS : text</c>).</summary>
sealed partial class LtpReader(ResultList results)
{
    readonly Dictionary<string, int> _came = [], _said = [];
    string? _test;
    int _number;
    bool _summaryDue, _inSummary;

    public bool TryRead(string text)
    {
        if (_inSummary) return ReadSummary(text);
        if (text.Trim() == "Summary:" && _number > 0) return _inSummary = true;
        var match = Line().Match(text);
        if (!match.Success) return false;
        var (outcome, kind) = Meaning(match.Groups["word"].Value);
        if (kind is null) return true;
        _came[kind] = _came.GetValueOrDefault(kind) + 1;
        // A test that breaks or does not apply may leave before the library can sum up.
        if (match.Groups["file"].Success) _summaryDue = kind is "passed" or "failed";
        var test = match.Groups["file"].Success ? Path.GetFileNameWithoutExtension(match.Groups["file"].Value) : match.Groups["name"].Value;
        _number = test == _test ? _number + 1 : 1;
        _test = test;
        results.Add($"{test}/{_number}", outcome, match.Groups["text"].Value.Trim());
        return true;
    }

    public void End()
    {
        if (_inSummary) Compare();
        else if (_summaryDue) results.Add("(summary)", Outcome.Error, "there is no summary: the test stopped half way");
        Restart();
    }

    static (Outcome, string?) Meaning(string word) => word switch
    {
        "TPASS" => (Outcome.Pass, "passed"),
        "TFAIL" => (Outcome.Fail, "failed"),
        "TCONF" => (Outcome.Skip, "skipped"),
        "TBROK" => (Outcome.Error, "broken"),
        "TWARN" => (Outcome.Error, "warnings"),
        _ => (Outcome.Skip, null),
    };

    bool ReadSummary(string text)
    {
        var words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (words is [("passed" or "failed" or "broken" or "skipped" or "warnings") and var kind, var digits]
            && int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var count))
        {
            _said[kind] = count;
            if (kind != "warnings") return true;
            Compare();
            Restart();
            return true;
        }
        Compare();
        Restart();
        return TryRead(text);
    }

    void Compare()
    {
        foreach (var (kind, count) in _said.OrderBy(s => s.Key, StringComparer.Ordinal))
        {
            var came = _came.GetValueOrDefault(kind);
            if (came != count) results.Add("(summary)", Outcome.Error, $"the summary says {count} {kind}, {came} came");
        }
        if (_said.Count == 0) results.Add("(summary)", Outcome.Error, "the summary is empty: the test stopped half way");
    }

    void Restart()
    {
        _came.Clear();
        _said.Clear();
        (_test, _number, _summaryDue, _inSummary) = (null, 0, false, false);
    }

    [GeneratedRegex(@"^((?<file>[^\s:]{1,200}):\d{1,9}:|(?<name>[^\s:#]{1,200}) +\d{1,9}) +(?<word>TPASS|TFAIL|TCONF|TBROK|TWARN|TINFO) *:(?<text>.*)$", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant)]
    private static partial Regex Line();
}
