namespace Understudy.Pci;

/// <summary>Findings, each once, and a limited number of each check, so that no flood of one hides another.</summary>
sealed class FindingLog
{
    internal const int MostOfOneCheck = 100;

    readonly HashSet<(string Check, ulong Key)> _found = [];
    readonly Dictionary<string, int> _counts = [];
    readonly List<BusFinding> _findings = [];

    public IReadOnlyList<BusFinding> Snapshot() => [.. _findings];

    /// <summary>Asked before a text is put together: what a driver repeats a million times must cost nothing.</summary>
    public bool IsNew(string check, ulong key) => _counts.GetValueOrDefault(check) < MostOfOneCheck && _found.Add((check, key));

    public BusFinding Add(string check, string text, long time, string detail)
    {
        var count = _counts[check] = _counts.GetValueOrDefault(check) + 1;
        if (count == MostOfOneCheck) text += $" (finding {count} of {check}: further ones are not kept)";
        var finding = new BusFinding(check, text, time, detail);
        _findings.Add(finding);
        return finding;
    }
}
