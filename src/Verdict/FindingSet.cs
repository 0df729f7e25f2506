namespace Understudy.Verdict;

/// <summary>
/// Keeps findings apart that two logs tell of the same fault: the console repeats what is in the kernel log. The n-th occurrence in one
/// log is the n-th in the other. Not for use by two threads at once.
/// </summary>
public sealed class FindingSet
{
    readonly Dictionary<(string Fingerprint, FindingSource Source), int> _seen = [];
    readonly Dictionary<string, int> _told = [];
    readonly List<Finding> _findings = [];

    /// <summary>The findings that were new, in the order they came.</summary>
    public IReadOnlyList<Finding> Findings => _findings;

    /// <summary>Whether this is news; false when another log has told it.</summary>
    public bool Add(Finding finding)
    {
        var key = (finding.Fingerprint, finding.Source);
        var times = _seen[key] = _seen.GetValueOrDefault(key) + 1;
        if (times <= _told.GetValueOrDefault(finding.Fingerprint)) return false;
        _told[finding.Fingerprint] = times;
        _findings.Add(finding);
        return true;
    }
}
