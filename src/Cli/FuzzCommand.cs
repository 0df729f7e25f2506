using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Understudy.Runner.Fuzzing;
using Understudy.Toolchain;

namespace Understudy.Cli;

/// <summary><c>understudy fuzz</c>: a test whose device lies.</summary>
static class FuzzCommand
{
    static readonly TimeSpan s_budget = TimeSpan.FromMinutes(5);

    public static Command Create()
    {
        var command = new Verb("fuzz",
            "Have the device of a test lie: what registers say, field by field, what descriptors and completions hold, interrupts out of order; a few lies at once, each time in a fresh guest. Goes on from the cases that bring the driver somewhere new, and keeps them. Says what the driver did not survive, with the fewest lies that show it. Ends after five minutes, or --budget; Ctrl-C ends earlier; with --output of an earlier run, goes on from its corpus.",
            """
            understudy fuzz suites/ditto/copy --board uml --kernel uml/all -j 2
            understudy fuzz suites/rtl8111/up --board uml --budget 1h --output runs/fuzz-rtl8111
            understudy fuzz suites/ditto/copy --board uml --fault 'mmio-read Ditto.Capabilities nth=1 -> value 0' --fault 'irq 0 nth=2 -> drop'
            """)
        {
            SweepCommand.Subject, SweepCommand.BoardOption, SweepCommand.KernelOption, SweepCommand.ModulesOption, SweepCommand.ParametersOption, SweepCommand.TimeOption, SweepCommand.BudgetOption, SweepCommand.LimitOption,
            SweepCommand.FaultOption, SweepCommand.JobsOption, SweepCommand.SeedOption, SweepCommand.OutputOption, SweepCommand.JsonOption,
        };
        command.SetAction((parsed, cancel) => CommandLine.GuardAsync(parsed.GetValue(SweepCommand.JsonOption), () => RunAsync(parsed, cancel)));
        return command;
    }

    static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancel)
    {
        var request = SweepCommand.Common(parsed, "fuzz", null);
        request = request with { Budget = request.Budget ?? s_budget };
        var json = parsed.GetValue(SweepCommand.JsonOption);
        using var progress = new ProvisionDisplay(quiet: json);
        try
        {
            var summary = await FuzzRun.PlayAsync(new Toolbox(UnderstudyCache.Open(), progress), request, new Display(progress), cancel).ConfigureAwait(false);
            Show(summary, progress);
            if (json) CommandLine.Print(Json(summary));
            return summary.ExitCode;
        }
        catch (FormatException wrong)
        {
            throw new UsageException(wrong.Message);
        }
    }

    static void Show(FuzzSummary summary, ProvisionDisplay progress)
    {
        foreach (var finding in summary.Reference) progress.Line(Terminal.Styled("red", "FAIL   ") + $" {finding.Title}");
        foreach (var found in summary.Findings) progress.Line(Terminal.Styled("red", "FOUND  ") + $" {found.Finding.Title}\n        again: {found.Reproduce}\n        run: {Path.Combine(Path.GetRelativePath(Environment.CurrentDirectory, summary.Request.Output), found.Run)}");
        progress.Line(string.Create(CultureInfo.InvariantCulture,
            $"{summary.Cases} cases in {summary.Seconds:F1} s ({summary.Cases / Math.Max(summary.Seconds, 0.001):F2}/s), {summary.Kept} of them kept, {summary.Features} features, {summary.Broken} broken, {summary.Findings.Count} found"));
    }

    static JsonObject Json(FuzzSummary summary) => new()
    {
        ["test"] = summary.Request.Test.FullName,
        ["kernel"] = summary.Kernel,
        ["seed"] = summary.Request.Seed,
        ["cases"] = summary.Cases,
        ["kept"] = summary.Kept,
        ["features"] = summary.Features,
        ["broken"] = summary.Broken,
        ["seconds"] = summary.Seconds,
        ["reference"] = new JsonArray([.. summary.Reference.Select(finding => (JsonNode)finding.Title)]),
        ["findings"] = new JsonArray([.. summary.Findings.Select(found => (JsonNode)new JsonObject
        {
            ["title"] = found.Finding.Title,
            ["kind"] = found.Finding.Kind,
            ["fingerprint"] = found.Finding.Fingerprint,
            ["faults"] = new JsonArray([.. found.Rules.Select(rule => (JsonNode)rule)]),
            ["reproduce"] = found.Reproduce,
            ["run"] = found.Run,
        })]),
        ["output"] = summary.Request.Output,
    };

    sealed class Display(ProvisionDisplay progress) : IFuzzObserver
    {
        public void Tried(int cases, int kept, int features) => progress.Status(string.Create(CultureInfo.InvariantCulture, $"{cases} cases, {kept} kept, {features} features"));

        public void Found(FuzzFinding finding) => progress.Line(Terminal.Styled("red", "FOUND  ") + $" {finding.Finding.Title}\n        by {string.Join(" and ", finding.Rules)}");
    }
}
