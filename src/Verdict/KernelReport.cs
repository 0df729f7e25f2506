using System.Text.RegularExpressions;
using Understudy.Verdict.Rules;

namespace Understudy.Verdict;

/// <summary>A report of the kernel while its lines come in.</summary>
sealed class KernelReport
{
    const int MostLines = 400, MostStrays = 24, MostFrames = 16, LongestLine = 1024;

    readonly Dictionary<string, string> _words = [];
    readonly List<string> _lines = [], _frames = [];
    readonly bool _cutHere;
    string? _pointer;
    bool _trapped, _insideTask, _sawTrace, _traceAwaited, _complete;
    int _strays;

    public KernelReport(KernelRule rule, Match start, KernelLine line, double seconds)
    {
        Rule = rule;
        Caller = line.Caller;
        Started = LastSeen = seconds;
        _cutHere = rule.Id == OopsRules.CutHere;
        _trapped = rule.Id == "warning";
        _traceAwaited = rule.TraceAfter is not null;
        Learn(start);
        Keep(line);
    }

    public KernelRule Rule { get; private set; }

    public string Caller { get; }

    public double Started { get; }

    public double LastSeen { get; private set; }

    /// <summary>Whether a first line that would open a report of its own is a line of this one.</summary>
    public bool TryTake(KernelRule rule, Match start, KernelLine line, double seconds)
    {
        var isTrap = rule.Id is "warning" or "bug";
        if (Refines(rule)) Rule = rule;
        else if (!(_cutHere && !_trapped && isTrap) && !Rule.Absorbs.Contains(rule.Id)) return false;
        _trapped |= isTrap;
        Learn(start);
        LastSeen = seconds;
        Keep(line);
        return true;
    }

    // "cut here" says nothing yet; and what a WARN() is about stands before or after its own line, as the kernel's age has it.
    bool Refines(KernelRule rule) =>
        rule.Id != OopsRules.CutHere
        && (Rule.Id == OopsRules.CutHere || (Rule.Id == "warning" && !_sawTrace && rule.Absorbs.Contains("warning")));

    /// <summary>Takes the next line unless it is past the end. True when the report is over, with this line or before it.</summary>
    public bool EndsAt(KernelLine line, double seconds)
    {
        var message = line.Message;
        var belongs = KernelFrame.BelongsToReport(message) || Rule.IsInside(message);
        if (!belongs && _sawTrace && !_insideTask && !HasEnd) return true;
        LastSeen = seconds;
        Keep(line);
        Read(message);
        if (!belongs) _strays++;
        _complete = IsEnd(message);
        return _complete || _lines.Count >= MostLines || _strays >= (HasEnd ? 4 * MostStrays : MostStrays);
    }

    bool HasEnd => _cutHere || Rule.End is not null;

    bool IsEnd(string message) =>
        Has(message, "---[ end ") || Has(message, Rule.End);

    static bool Has(string message, string? text) => text is not null && message.Contains(text, StringComparison.Ordinal);

    void Read(string message)
    {
        _traceAwaited &= !Has(message, Rule.TraceAfter);
        if (_traceAwaited)
        {
            Learn(Rule.MatchBody(message));
            return;
        }
        if (Has(message, "</TASK>")) _insideTask = false;
        else if (Has(message, "<TASK>")) _insideTask = true;
        if (KernelFrame.TryPointer(message, out var pointer)) _pointer ??= pointer;
        else if (KernelFrame.TryFunction(message, out var function))
        {
            _sawTrace = true;
            if (_frames.Count < MostFrames && !IsSkipped(function)) _frames.Add(function);
        }
        else if (Rule.MatchBody(message) is { Success: true } body) Learn(body);
    }

    // The guest may write lines without end.
    void Keep(KernelLine line) => _lines.Add(line.Text.Length <= LongestLine ? line.Text : line.Text[..LongestLine] + " ...");

    void Learn(Match match)
    {
        foreach (Group group in match.Groups)
            if (group.Success && !char.IsAsciiDigit(group.Name[0])) _words.TryAdd(group.Name, group.Value);
    }

    bool IsSkipped(string function) =>
        SkippedFrames.Skips(SkippedFrames.Everywhere, function) || SkippedFrames.Skips(Rule.SkipFrames, function);

    string? GuiltyFrame()
    {
        if (_words.TryGetValue("func", out var named) && KernelFrame.Bare(named) is var said && !IsSkipped(said)) return said;
        if (_pointer is not null && !IsSkipped(_pointer)) return _pointer;
        // What was collected before the rule was known may be on its own list.
        return _frames.Find(f => !IsSkipped(f));
    }

    public Finding ToFinding(FindingSource source)
    {
        var frame = GuiltyFrame();
        _words.Remove("func");
        if (frame is not null) _words["frame"] = _words["func"] = frame;
        var cut = !Rule.OneLine && !_complete && (HasEnd || !_sawTrace);
        var title = TitleTemplate.Fill(Rule.Title, _words);
        return new Finding(Started, source, Rule.Id, title, Rule.Severity, _lines) { Frame = frame, Cut = cut };
    }
}
