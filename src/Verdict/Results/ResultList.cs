namespace Understudy.Verdict.Results;

/// <summary>Results within bounds: an output may hold any number of them.</summary>
sealed class ResultList
{
    public const int Most = 10_000, LongestText = 400, MostLines = 20;

    readonly List<SubResult> _results = [];
    int _leftOut;
    Outcome _worstLeftOut;

    public int Count => _results.Count + _leftOut;

    public bool AllGood => _results.TrueForAll(r => r.Outcome.IsGood()) && (_leftOut == 0 || _worstLeftOut.IsGood());

    public void Add(string name, Outcome outcome, string? reason = null, IEnumerable<string>? lines = null)
    {
        if (_results.Count < Most) _results.Add(new(Short(name), outcome, reason is null ? null : Short(reason), [.. (lines ?? []).Take(MostLines).Select(Short)]));
        else LeaveOut(1, outcome);
    }

    /// <summary>Adds the results of a test that has tests of its own.</summary>
    public void AddBelow(string parent, ResultList children)
    {
        foreach (var child in children._results) Add(parent.Length == 0 ? child.Name : $"{parent}/{child.Name}", child.Outcome, child.Reason, child.Lines);
        if (children._leftOut > 0) LeaveOut(children._leftOut, children._worstLeftOut);
    }

    void LeaveOut(int count, Outcome worst)
    {
        _worstLeftOut = _leftOut == 0 || worst.Rank() < _worstLeftOut.Rank() ? worst : _worstLeftOut;
        _leftOut += count;
    }

    /// <summary>Those left out stand as one at the end, the worst of them.</summary>
    public List<SubResult> ToList()
    {
        if (_leftOut == 0) return _results;
        return [.. _results, new SubResult("(more)", _worstLeftOut, $"{_leftOut} more results are left out; the worst of them is {_worstLeftOut.Word()}", [])];
    }

    static string Short(string text) => text.Length <= LongestText ? text : text[..LongestText] + " ...";
}
