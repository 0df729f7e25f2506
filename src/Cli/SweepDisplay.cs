using System.Globalization;
using System.Text.Json.Nodes;
using Understudy.Runner.Sweeps;
using Understudy.Verdict;

namespace Understudy.Cli;

/// <summary>Shows a sweep: each new fault of the driver when it is found, and on a terminal how far it is.</summary>
sealed class SweepDisplay(ProvisionDisplay provision) : ISweepObserver
{
    int _points, _ended, _found;

    public void Says(string text) => provision.Line(text);

    public void Planned(int touches, int points, int known)
    {
        (_points, _ended, _found) = (points, known, 0);
        provision.Line(string.Create(CultureInfo.InvariantCulture, $"{touches} touches without a fault; {points} faults to try{(known > 0 ? $", {known} of them tried before" : "")}"));
    }

    public void Ended(SweepResult result, bool isNew)
    {
        _ended++;
        if (result.Outcome is SweepOutcome.Broken or SweepOutcome.Unsteady) provision.Line(Terminal.Styled("magenta", result.Outcome == SweepOutcome.Broken ? "BROKEN " : "once   ") + $" {result.Rule}: {result.Detail}");
        if (isNew)
        {
            _found++;
            provision.Line(Terminal.Styled("red", "FOUND  ") + $" {result.Findings[0].Title}\n        by {result.Rule}");
        }
        provision.Status(string.Create(CultureInfo.InvariantCulture, $"[{_ended}/{_points}, {_found} found] {result.Rule}"));
    }

    public void Summary(SweepSummary summary)
    {
        if (summary.Difference is { } difference) provision.Line(difference);
        foreach (var finding in summary.Reference)
        {
            provision.Line(Terminal.Styled("red", "FAIL   ") + $" {finding.Title}");
            foreach (var line in finding.Lines.Take(12)) provision.Line(Terminal.Styled("grey", $"        {line}"));
        }
        foreach (var remark in summary.Remarks) provision.Line(Terminal.Styled("yellow", "remark ") + $" {remark.Title} ({remark.Kind})");
        foreach (var group in summary.Groups)
            provision.Line(Terminal.Styled("red", "FOUND  ") + $" {group.Finding.Title} ({Faults(group.Results.Count)})\n        again: {summary.Reproduce(group.Smallest.Rule)}");
        provision.Line(string.Create(CultureInfo.InvariantCulture,
            $"{summary.Count(SweepOutcome.Survived)} survived, {summary.Count(SweepOutcome.Found)} not, {summary.Count(SweepOutcome.Unsteady)} unsteady, {summary.Count(SweepOutcome.NotReached)} never reached, {summary.Count(SweepOutcome.Broken)} broken, {summary.Left} not tried; {summary.Played} in {summary.Seconds:F1} s, {summary.Rate:F2}/s"));
        if (summary.Lines is { } lines) provision.Line($"lines reached: {lines}");
        provision.Line($"report: {Path.Combine(Path.GetRelativePath(Environment.CurrentDirectory, summary.Request.Output), "sweep.html")}");
    }

    public int Planted(IReadOnlyList<PlantedResult> results, int bugs)
    {
        foreach (var result in results.Where(result => result.Bug is not null))
            provision.Line((result.IsFound ? Terminal.Styled("green", "found  ") : Terminal.Styled("red", "MISSED ")) + string.Create(CultureInfo.InvariantCulture, $" {result.Bug!.Number,2} {result.Bug.Name}: {result.Said} ({result.Seconds:F0} s)"));
        foreach (var clean in results.Where(result => result.Bug is null))
            provision.Line((clean.IsFound ? Terminal.Styled("red", "FALSE  ") : Terminal.Styled("green", "clean  ")) + string.Create(CultureInfo.InvariantCulture, $"  - no bug: {clean.Said} ({clean.Seconds:F0} s)"));
        provision.Line($"found {results.Count(result => result.Bug is not null && result.IsFound)} of {bugs}");
        var isRight = results.All(result => result.IsFound == result.Bug is not null) && results.Count(result => result.Bug is not null) == bugs;
        return ExitCode.Of(isRight ? Outcome.Pass : Outcome.Fail);
    }

    public static JsonObject Json(SweepSummary summary) => new()
    {
        ["test"] = summary.Request.Test.FullName,
        ["kernel"] = summary.Kernel,
        ["board"] = summary.Request.Board,
        ["seed"] = summary.Request.Seed,
        ["touches"] = summary.Touches.Count,
        ["faults"] = summary.Points.Count,
        ["survived"] = summary.Count(SweepOutcome.Survived),
        ["notSurvived"] = summary.Count(SweepOutcome.Found),
        ["unsteady"] = summary.Count(SweepOutcome.Unsteady),
        ["neverReached"] = summary.Count(SweepOutcome.NotReached),
        ["broken"] = summary.Count(SweepOutcome.Broken),
        ["notTried"] = summary.Left,
        ["lines"] = summary.Lines,
        ["seconds"] = summary.Seconds,
        ["played"] = summary.Played,
        ["reference"] = new JsonArray([.. summary.Reference.Select(finding => (JsonNode)finding.Title)]),
        ["remarks"] = new JsonArray([.. summary.Remarks.Select(remark => (JsonNode)remark.Title)]),
        ["findings"] = new JsonArray([.. summary.Groups.Select(group => (JsonNode)new JsonObject
        {
            ["title"] = group.Finding.Title,
            ["kind"] = group.Finding.Kind,
            ["fingerprint"] = group.Finding.Fingerprint,
            ["fault"] = group.Smallest.Rule,
            ["reproduce"] = summary.Reproduce(group.Smallest.Rule),
            ["faults"] = group.Results.Count,
            ["run"] = group.Smallest.Run,
        })]),
        ["output"] = summary.Request.Output,
    };

    static string Faults(int count) => count == 1 ? "one fault shows it" : string.Create(CultureInfo.InvariantCulture, $"{count} faults show it");
}
