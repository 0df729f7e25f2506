using System.Globalization;
using Understudy.Runner.Suites;
using Understudy.Verdict;

namespace Understudy.Cli;

/// <summary>Shows cells as they end, and on a terminal what runs now.</summary>
sealed class SuiteDisplay(ProvisionDisplay provision) : ISuiteObserver
{
    const int MostLines = 12;

    readonly Dictionary<string, string> _running = [];
    int? _planned;
    int _ended, _bad;

    public void Planned(int? cells) => _planned = cells;

    public void At(TestCell cell, string step)
    {
        _running[cell.Name] = step;
        var count = _planned is { } planned ? $"{_ended}/{planned}" : $"{_ended}";
        provision.Status($"[{count}{(_bad > 0 ? $", {_bad} bad" : "")}] {string.Join("  ", _running.Select(running => $"{running.Key}: {running.Value}"))}");
    }

    public void Retries(TestCell cell, string reason) => provision.Line(Terminal.Styled("magenta", "broken ") + $" {cell.Name}: {reason}; once more");

    public void Ended(CellResult result)
    {
        _running.Remove(result.Cell.Name);
        _ended++;
        var (colour, mark) = Look(result.Outcome);
        var why = result.Outcome == Outcome.Pass ? "" : $"  {result.Verdict.Reason}";
        provision.Line(Terminal.Styled(colour, mark) + string.Create(CultureInfo.InvariantCulture, $" {result.Cell.Name}{why} ({result.Seconds:F2} s)"));
        if (result.Outcome.IsGood()) return;
        _bad++;
        foreach (var line in result.Verdict.Evidence.Take(MostLines)) provision.Line(Terminal.Styled("grey", $"        {line}"));
        provision.Line($"        in {Path.GetRelativePath(Environment.CurrentDirectory, result.Directory)}; again: {result.Cell.Reproduce}");
    }

    public void Summary(SuiteSummary summary)
    {
        if (summary.Full is { } full) provision.Line($"{full}; what follows is what ran until then");
        if (summary.Interrupted) provision.Line("interrupted: what follows is what ran until then");
        foreach (var result in summary.Results.Where(result => result.FirstBroke is not null))
            provision.Line($"the lab broke once in {result.Cell.Name}: {result.FirstBroke}");
        if (summary.Results.Count > MostLines)
            foreach (var result in summary.Results.Where(result => !result.Outcome.IsGood()))
                provision.Line(Terminal.Styled(Look(result.Outcome).Colour, Look(result.Outcome).Mark) + $" {result.Cell.Name}: {result.Verdict.Reason}; again: {result.Cell.Reproduce}");
        provision.Line(string.Create(CultureInfo.InvariantCulture, $"{summary} in {summary.Seconds:F1} s"));
        if (File.Exists(Path.Combine(summary.Request.Output, "matrix.html"))) provision.Line($"report: {Path.Combine(Path.GetRelativePath(Environment.CurrentDirectory, summary.Request.Output), "matrix.html")}");
    }

    static (string Colour, string Mark) Look(Outcome outcome) => outcome switch
    {
        Outcome.Pass => ("green", "ok     "),
        Outcome.Fail => ("red", "FAIL   "),
        Outcome.Skip => ("yellow", "skip   "),
        Outcome.XFail => ("yellow", "xfail  "),
        Outcome.XPass => ("red", "XPASS  "),
        Outcome.Error => ("magenta", "ERROR  "),
        Outcome.Broken => ("magenta", "BROKEN "),
        _ => throw new ArgumentOutOfRangeException(nameof(outcome), outcome, "no such outcome"),
    };
}
