using System.Globalization;
using Understudy.Runner.Suites;
using Understudy.Verdict;

namespace Understudy.Runner.Pipelines;

/// <summary>Tells how far the suite of a cell is.</summary>
sealed class SuiteWatch(Action<string> says) : ISuiteObserver
{
    readonly Dictionary<string, string> _running = [];
    int _ended, _bad;
    int? _planned;

    public void Planned(int? cells) => _planned = cells;

    public void At(TestCell cell, string step)
    {
        _running[cell.Test.Name] = step;
        says(string.Create(CultureInfo.InvariantCulture, $"{_ended}/{_planned}{(_bad > 0 ? $", {_bad} bad" : "")} {string.Join(" ", _running.Select(one => $"{one.Key}: {one.Value}"))}"));
    }

    public void Retries(TestCell cell, string reason) => says($"{cell.Test.Name} broke: {reason}; once more");

    public void Ended(CellResult result)
    {
        _running.Remove(result.Cell.Test.Name);
        _ended++;
        if (!result.Outcome.IsGood()) _bad++;
    }
}
