using System.Globalization;
using Understudy.Runner.Suites;
using Understudy.Verdict;

namespace Understudy.Runner.Pipelines;

/// <summary>What a suite comes to as one cell of a pipeline.</summary>
static class SuiteVerdict
{
    const int MostNamed = 5;

    /// <summary>The worst of its tests. Where all were skipped nothing is known of the driver but that it was built: no pass.</summary>
    public static CellVerdict Of(SuiteSummary summary)
    {
        if (summary.Full is { } full) return new CellVerdict(Outcome.Broken, full);
        if (summary.Results.All(result => result.Outcome == Outcome.Skip))
            return new CellVerdict(Outcome.Error, string.Create(CultureInfo.InvariantCulture, $"none of {summary.Results.Count} tests ran: {(summary.Results.Count > 0 ? summary.Results[0].Verdict.Reason : "none is chosen")}")) { BuiltOnly = true };
        var bad = summary.Results.Where(result => !result.Outcome.IsGood()).ToList();
        var named = bad.Count == 0 ? "" : $": {string.Join(", ", bad.Take(MostNamed).Select(result => result.Cell.Test.Name))}{(bad.Count > MostNamed ? ", ..." : "")}";
        return new CellVerdict(Outcomes.Worst(summary.Results.Select(result => result.Outcome))!.Value, $"{summary}{named}")
        {
            Evidence = [.. bad.SelectMany(result => new[] { $"{result.Outcome.Word()} {result.Cell.Test.FullName}: {result.Verdict.Reason}", $"  again: {result.Cell.Reproduce}" })],
        };
    }
}
