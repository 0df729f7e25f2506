namespace Understudy.Verdict;

/// <summary>The names in a run directory (docs/run-directory.md).</summary>
static class RunFiles
{
    public const string Run = "run.json";
    public const string Steps = "steps.jsonl";
    public const string Console = "console.log";
    public const string ConsoleTimes = "console.times";
    public const string Kernel = "kernel.jsonl";
    public const string Trace = "trace.jsonl";
    public const string Findings = "findings.jsonl";
    public const string Results = "results.ktap";
    public const string Coverage = "coverage.json";
    public const string Verdict = "verdict.json";
    public const string Report = "report.html";
    public const string Reserve = ".reserve";

    public static readonly string[] All = [Run, Steps, Console, ConsoleTimes, Kernel, Trace, Findings, Results, Coverage, Verdict, Report, Reserve];
}
