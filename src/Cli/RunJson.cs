using System.Text.Json.Nodes;
using Understudy.Verdict;

namespace Understudy.Cli;

/// <summary>A finished run as JSON for machines: the verdict, the steps, the findings, and where the rest is.</summary>
static class RunJson
{
    public static JsonObject Of(RunVerdict verdict, string directory)
    {
        var run = RunRecord.Load(directory);
        return new JsonObject
        {
            ["verdict"] = Word(verdict.Outcome),
            ["reason"] = verdict.Reason,
            ["exitCode"] = verdict.ExitCode(),
            ["runDirectory"] = directory,
            ["report"] = ReportIn(directory),
            ["reproduce"] = run.Info.Command,
            ["steps"] = new JsonArray([.. run.Steps.Select(Step)]),
            ["findings"] = new JsonArray([.. run.Findings.Select(finding => (JsonNode)new JsonObject { ["title"] = finding.Title, ["severity"] = Word(finding.Severity), ["step"] = finding.Step, ["baseline"] = finding.Baseline, ["expected"] = finding.Expected })]),
        };
    }

    public static string ReportIn(string directory) => Path.Combine(directory, "report.html");

    static JsonNode Step(StepRecord step) => new JsonObject
    {
        ["name"] = step.Name,
        ["outcome"] = step.Outcome is { } outcome ? Word(outcome) : null,
        ["detail"] = step.Detail,
        ["startedSeconds"] = step.StartedSeconds,
        ["endedSeconds"] = step.EndedSeconds,
    };

    static string Word<T>(T value) where T : struct, Enum => value.ToString().ToLowerInvariant();
}
