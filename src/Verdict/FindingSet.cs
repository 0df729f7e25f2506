namespace Understudy.Verdict;

/// <summary>
/// Keeps findings apart that two logs tell of the same fault: the console repeats what is in the kernel log. The n-th occurrence in one
/// log is the n-th in the other; a report that one log has cut short is the whole one of the other. Not for use by two threads at once.
/// </summary>
public sealed class FindingSet
{
    // The two logs come by different ways.
    const double Apart = 2;

    readonly Dictionary<(string Fingerprint, FindingSource Source), int> _seen = [];
    readonly Dictionary<string, int> _told = [];
    readonly List<Finding> _findings = [];

    /// <summary>The findings that were new, in the order they came.</summary>
    public IReadOnlyList<Finding> Findings => _findings;

    /// <summary>Whether this is news; false when another log has told it.</summary>
    public bool Add(Finding finding)
    {
        if (finding.Cut && _findings.Exists(told => IsSameReport(told, finding))) return false;
        var key = (finding.Fingerprint, finding.Source);
        var times = _seen[key] = _seen.GetValueOrDefault(key) + 1;
        if (times <= _told.GetValueOrDefault(finding.Fingerprint)) return false;
        _told[finding.Fingerprint] = times;
        _findings.Add(finding);
        return true;
    }

    static bool IsSameReport(Finding told, Finding cut) =>
        told.Source != cut.Source && told.Rule == cut.Rule && Math.Abs(told.Time - cut.Time) < Apart;
}
