namespace Understudy.Verdict.Results;

/// <summary>One list of results: the outermost, or those of a test that has tests of its own.</summary>
sealed class TapLevel(string prefix, string? name)
{
    const int MostMissing = 50;

    readonly HashSet<int> _seen = [];
    int _count;
    int? _plan;

    public string Prefix { get; } = prefix;

    /// <summary>What was said of its name before its end; its own result line says it for good.</summary>
    public string? Name { get; set; } = name;

    public ResultList Results { get; } = new();

    public bool HasVersion { get; set; }

    public bool HasPlan => _plan is not null;

    public bool HasAny => _count > 0;

    public void Plan(int count) => _plan = count;

    /// <summary>Counts a result, whatever it says.</summary>
    public int Take(int? number)
    {
        _count++;
        var taken = number ?? _count;
        if (_seen.Count < ResultList.Most) _seen.Add(taken);
        return taken;
    }

    /// <summary>Holds it to its plan.</summary>
    public void Close(bool isOutermost)
    {
        if (_plan is { } plan) Compare(plan);
        else if (isOutermost && HasVersion && HasAny)
            Results.Add("(plan)", Outcome.Error, "there is no plan: nobody knows whether results are missing");
    }

    void Compare(int plan)
    {
        if (_count > plan) Results.Add("(plan)", Outcome.Error, $"the plan promised {plan} results and {_count} came");
        var missing = 0;
        for (var i = 1; i <= plan && missing < MostMissing && i <= ResultList.Most; i++)
        {
            if (_seen.Contains(i)) continue;
            missing++;
            Results.Add($"({i})", Outcome.Error, $"promised by the plan 1..{plan}, never came");
        }
        var others = (long)plan - _count - missing;
        if (others > 0) Results.Add("(more)", Outcome.Error, $"{others} more were promised by the plan 1..{plan} and never came");
    }
}
