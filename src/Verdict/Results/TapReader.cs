namespace Understudy.Verdict.Results;

/// <summary>Reads TAP 13 and 14, KTAP, and what kselftest's runner makes of them, nested by spaces or by <c># </c>.</summary>
/// <param name="results">Where the results of the outermost lists go.</param>
/// <param name="needsHeader">Results count only after a version line: the kernel log is full of other text.</param>
sealed class TapReader(ResultList results, bool needsHeader)
{
    const int Deepest = 12;

    readonly List<TapLevel> _levels = [];
    readonly Queue<string> _said = new();
    string? _announced, _yaml;

    public void ReadLine(string text)
    {
        var line = TapLine.Of(text);
        if (IsYaml(line)) return;
        if (line.Announced is { } name) Announce(name, line.Prefix);
        else if (line.IsVersion) Open(line, restart: true)?.HasVersion = true;
        else if (line.TryPlan(out var count, out var skipped)) Plan(line, count, skipped);
        else if (line.IsBailOut) BailOut(line);
        else if (KselftestLine.TryParse(line.Body, out var old) && !needsHeader) Results(line).Add(old.Name, old.Outcome);
        else if (!line.TryResult(out var result) || !Take(line, result)) Say(text);
    }

    public void End()
    {
        if (_levels.Count == 0) return;
        while (_levels.Count > 1) CloseOrphan();
        _levels[0].Close(isOutermost: true);
        results.AddBelow("", _levels[0].Results);
        _levels.Clear();
        _said.Clear();
    }

    // A block of YAML may quote anything; it ends with "..." or where a line stands further left.
    bool IsYaml(TapLine line)
    {
        if (_yaml is null)
        {
            if (line.Body != "---" || line.Prefix.Length == 0 || _levels.Count == 0) return false;
            _yaml = line.Prefix;
            return true;
        }
        if (line.Body.Length > 0 && line.Prefix.Length < _yaml.Length) _yaml = null;
        else if (line.Body == "..." && line.Prefix == _yaml)
        {
            _yaml = null;
            return true;
        }
        return _yaml is not null;
    }

    // Before the list, or as its first line: "    # Subtest: name".
    void Announce(string name, string prefix)
    {
        var spaces = prefix[..prefix.IndexOf('#', StringComparison.Ordinal)];
        if (_levels.Count > 1 && _levels[^1] is { Name: null, HasAny: false } level && level.Prefix == spaces) level.Name = name;
        else _announced = name;
    }

    void Plan(TapLine line, int count, string? skipped)
    {
        if (needsHeader && _levels.Count == 0) return;
        // A plan may stand at the end; a second one begins another list.
        var level = Open(line, restart: Here(line) is { HasPlan: true });
        level?.Plan(count);
        if (skipped is not null && level is { HasAny: false } && _levels.Count == 1) results.Add(level.Name ?? "(all)", Outcome.Skip, skipped);
    }

    void BailOut(TapLine line)
    {
        if (_levels.Count == 0 && needsHeader) return;
        Results(line).Add("(bail out)", Outcome.Error, line.Body);
    }

    ResultList Results(TapLine line) => Here(line)?.Results ?? (_levels.Count > 0 ? _levels[^1].Results : results);

    TapLevel? Here(TapLine line) => _levels.Find(l => l.Prefix == line.Prefix);

    TapLevel? Open(TapLine line, bool restart)
    {
        if (Here(line) is { } here)
        {
            CloseBelow(here);
            if (!restart || !(here.HasVersion || here.HasPlan || here.HasAny)) return here;
            if (_levels.Count == 1) End();
            else CloseOrphan();
        }
        CloseOthers(line.Prefix.Length);
        if (_levels.Count == Deepest) return null;
        _levels.Add(new TapLevel(line.Prefix, _announced));
        _announced = null;
        return _levels[^1];
    }

    bool Take(TapLine line, TapResult result)
    {
        if (Here(line) is not { } level)
        {
            // Without a list it needs a number to be more than a word; what is quoted needs a list that was opened.
            if (needsHeader || line.IsQuoted || result.Number is null) return false;
            if (Open(line, restart: false) is not { } opened) return false;
            level = opened;
        }
        var number = level.Take(result.Number);
        var children = Children(level);
        var name = result.Name.Length > 0 ? result.Name : $"({number})";
        if (children is { Count: > 0 }) level.Results.AddBelow(name, children);
        if (children is not { Count: > 0 } || (children.AllGood && !result.Outcome.IsGood()))
            level.Results.Add(name, result.Outcome, result.Reason, result.Outcome.IsGood() ? null : _said);
        _said.Clear();
        _announced = null;
        return true;
    }

    ResultList? Children(TapLevel parent)
    {
        var at = _levels.IndexOf(parent) + 1;
        if (at == _levels.Count) return null;
        while (_levels.Count > at + 1) CloseOrphan();
        var level = _levels[at];
        _levels.RemoveAt(at);
        level.Close(isOutermost: false);
        return level.Results;
    }

    void CloseBelow(TapLevel level)
    {
        while (_levels[^1] != level) CloseOrphan();
    }

    void CloseOthers(int length)
    {
        while (_levels.Count > 1 && _levels[^1].Prefix.Length >= length) CloseOrphan();
        if (_levels.Count == 1 && _levels[0].Prefix.Length >= length) End();
    }

    // Its own result never came.
    void CloseOrphan()
    {
        var (level, parent) = (_levels[^1], _levels[^2]);
        _levels.RemoveAt(_levels.Count - 1);
        level.Close(isOutermost: false);
        var name = level.Name ?? $"({parent.Take(null)})";
        if (level.Name is not null) parent.Take(null);
        parent.Results.AddBelow(name, level.Results);
        parent.Results.Add(name, Outcome.Error, "began and did not end");
    }

    void Say(string text)
    {
        if (text.Length == 0) return;
        if (_said.Count == ResultList.MostLines) _said.Dequeue();
        _said.Enqueue(text.Length <= ResultList.LongestText ? text : text[..ResultList.LongestText]);
    }
}
