using Understudy.Verdict.Rules;

namespace Understudy.Verdict;

/// <summary>The reports under way in one log, at most one per printk caller.</summary>
sealed class KernelReports(FindingSource source, Action<Finding> found, IReadOnlyList<KernelRule> rules)
{
    // A guest may print reports for ever.
    const int MostOpen = 8, MostOfAKind = 25, MostFindings = 200;

    readonly List<KernelReport> _open = [];
    readonly Dictionary<string, int> _seen = [];
    int _found;

    public bool AnyOpen => _open.Count > 0;

    public long LeftOut { get; private set; }

    public void ReadLine(KernelLine line, double seconds, bool suspect)
    {
        var report = _open.Find(r => r.Caller == line.Caller);
        if (suspect && TryStart(line, seconds, report)) return;
        if (report is not null && report.EndsAt(line, seconds)) End(report);
    }

    bool TryStart(KernelLine line, double seconds, KernelReport? report)
    {
        if (IsBenign(line.Message)) return false;
        foreach (var rule in rules)
        {
            if (!line.Message.Contains(rule.Marker, StringComparison.Ordinal)) continue;
            var start = rule.MatchStart(line.Message);
            if (!start.Success) continue;
            if (report?.TryTake(rule, start, line, seconds) == true) return true;
            if (report is not null && (!rule.OneLine || report.EndsAt(line, seconds))) End(report);
            Open(new KernelReport(rule, start, line, seconds));
            return true;
        }
        return false;
    }

    static bool IsBenign(string message)
    {
        foreach (var line in BenignLines.All)
            if (message.Contains(line.Text, StringComparison.Ordinal)) return true;
        return false;
    }

    void Open(KernelReport report)
    {
        if (report.Rule.OneLine)
        {
            Tell(report);
            return;
        }
        if (_open.Count == MostOpen) End(_open[0]);
        _open.Add(report);
    }

    void End(KernelReport report)
    {
        _open.Remove(report);
        Tell(report);
    }

    void Tell(KernelReport report)
    {
        var finding = report.ToFinding(source);
        var times = _seen.GetValueOrDefault(finding.Fingerprint);
        if (times == MostOfAKind || _found == MostFindings)
        {
            LeftOut++;
            return;
        }
        _seen[finding.Fingerprint] = times + 1;
        _found++;
        found(finding);
    }

    public void EndThoseSilentSince(double seconds)
    {
        foreach (var report in _open.ToArray())
            if (report.LastSeen <= seconds) End(report);
    }
}
