using System.CommandLine;
using System.Globalization;
using Understudy.Boards;
using Understudy.Runner.Pipelines;
using Understudy.Toolchain;
using Understudy.Verdict;

namespace Understudy.Cli;

/// <summary><c>understudy pipeline</c>: the whole CI of a driver, in phases that gate each other.</summary>
static class PipelineCommand
{
    static readonly Argument<string> s_file = new("FILE") { Description = "The pipeline" };
    static readonly Option<string[]> s_cells = new("--cell") { Description = "Only cells with these values, and what goes before them; phase=NAME and step=NAME choose as well. May be given several times", HelpName = "AXIS=VALUE,...", AllowMultipleArgumentsPerToken = true };
    static readonly Option<bool> s_full = new("--full") { Description = "Every combination of axes, also where a step covers only pairs" };
    static readonly Option<string[]> s_names = new("--name") { Description = "Of suites only tests of this name; * and ? stand for other characters", HelpName = "PATTERN", AllowMultipleArgumentsPerToken = true };
    static readonly Option<bool> s_list = new("--list") { Description = "List the chosen cells, and run none" };
    static readonly Option<string?> s_template = new("--template") { Description = "Print a workflow of this service that runs each chosen cell as a job of its own, and run none", HelpName = "github|gitlab" };
    static readonly Option<int> s_jobs = new("--jobs", "-j") { Description = "Cells at once; where a phase has fewer, guests of one cell", HelpName = "N", DefaultValueFactory = _ => 1 };
    static readonly Option<int> s_seed = new("--seed") { Description = "Seed of everything random", HelpName = "N", DefaultValueFactory = _ => 1 };
    static readonly Option<bool> s_cold = new("--cold") { Description = "Boot every guest, instead of restoring one that booted once" };
    static readonly Option<string?> s_output = new("--output") { Description = "Directory for the run; runs/pipeline-TIME unless told", HelpName = "DIR" };
    static readonly Option<string?> s_resume = new("--resume") { Description = "Go on with a run of the same pipeline in its directory: cells that passed are kept, all others are run", HelpName = "DIR" };
    static readonly Option<bool> s_json = CommandLine.Json();

    public static Command Create()
    {
        s_template.AcceptOnlyFromAmong("github", "gitlab");
        var command = new Verb("pipeline",
            "Run the CI of a driver: phases of steps, each a cell for every combination of its axes. A phase begins when the one before it is passed. Ctrl-C ends early and reports what ran. docs/pipeline.md tells how to write one.",
            """
            understudy pipeline pipelines/datadev.yaml -j 2
            understudy pipeline pipelines/datadev.yaml --cell kernel=debian:6.1,irq=msix
            understudy pipeline pipelines/datadev.yaml --cell phase=cpu,kernel=debian:7.2 --name irq-msix
            understudy pipeline pipelines/datadev.yaml --full --list
            understudy pipeline pipelines/datadev.yaml --resume runs/pipeline-20260101-120000-000
            understudy pipeline pipelines/datadev.yaml --template github > .github/workflows/datadev.yml
            """) { s_file, s_cells, s_full, s_names, s_list, s_template, s_jobs, s_seed, s_cold, s_output, s_resume, s_json };
        command.SetAction((parsed, cancel) => CommandLine.GuardAsync(parsed.GetValue(s_json), () => RunAsync(parsed, cancel)));
        return command;
    }

    static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancel)
    {
        var json = parsed.GetValue(s_json);
        var request = Request(parsed);
        if (parsed.GetValue(s_template) is { } service) return Template(service, request);
        if (parsed.GetValue(s_list)) return List(request, json);
        using var progress = new ProvisionDisplay(quiet: json);
        var player = await CellPlayer.OpenAsync(new Toolbox(UnderstudyCache.Open(), progress), request, cancel).ConfigureAwait(false);
        var display = new PipelineDisplay(progress);
        var summary = await PipelineRun.PlayAsync(request, player, display, cancel).ConfigureAwait(false);
        display.Summary(summary);
        if (json) CommandLine.Print(PipelineFiles.Json(summary));
        return summary.ExitCode;
    }

    static PipelineRequest Request(ParseResult parsed)
    {
        if (parsed.GetValue(s_jobs) is < 1 or > 256) throw new UsageException("--jobs takes a number from 1 to 256");
        if (parsed.GetValue(s_seed) < 0) throw new UsageException("--seed takes a number from 0 on");
        if (parsed.GetValue(s_output) is not null && parsed.GetValue(s_resume) is not null) throw new UsageException("--resume goes on in the directory it names: leave --output out");
        var pipeline = Pipeline.Read(parsed.GetValue(s_file)!);
        var names = CommandLine.Words(parsed.GetValue(s_names));
        var cells = Chosen(parsed, pipeline, names);
        var output = parsed.GetValue(s_resume) ?? parsed.GetValue(s_output) ?? Path.Combine("runs", string.Create(CultureInfo.InvariantCulture, $"pipeline-{DateTime.Now:yyyyMMdd-HHmmss-fff}"));
        return new PipelineRequest(pipeline, cells, output, CommandLine.Typed(parsed))
        {
            Jobs = parsed.GetValue(s_jobs), Seed = parsed.GetValue(s_seed), Start = parsed.GetValue(s_cold) ? GuestStart.Cold : GuestStart.Restored, Tests = names,
            Kept = parsed.GetValue(s_resume) is { } before ? Kept(before, pipeline, cells) : [],
        };
    }

    static IReadOnlyList<PipelineCell> Chosen(ParseResult parsed, Pipeline pipeline, IReadOnlyList<string> names)
    {
        try
        {
            var cells = CellSelector.Choose(pipeline, parsed.GetValue(s_cells) ?? [], parsed.GetValue(s_full));
            if (names.Count == 0) return cells;
            var without = cells.Select(cell => cell.Step).Distinct().Where(step => !CellPlayer.HasTests(step, names)).ToHashSet();
            return cells.Any(cell => cell.Step.Kind == StepKind.Suite && !without.Contains(cell.Step)) ? [.. cells.Where(cell => !without.Contains(cell.Step))]
                : throw new UsageException($"--name: no chosen step has a test called {string.Join(" or ", names)}");
        }
        catch (FormatException wrong)
        {
            throw new UsageException($"--cell: {wrong.Message}");
        }
    }

    static IReadOnlyList<PipelineResult> Kept(string directory, Pipeline pipeline, IReadOnlyList<PipelineCell> cells)
    {
        try
        {
            return PipelineFiles.Kept(directory, pipeline, cells);
        }
        catch (InvalidDataException wrong)
        {
            throw new UsageException($"--resume: {wrong.Message}");
        }
    }

    static int Template(string service, PipelineRequest request)
    {
        var file = Path.GetRelativePath(Environment.CurrentDirectory, request.Pipeline.File);
        Console.Out.Write(service == "github" ? PipelineTemplate.GitHub(request.Pipeline, request.Cells, file) : PipelineTemplate.GitLab(request.Pipeline, request.Cells, file));
        return ExitCode.Pass;
    }

    static int List(PipelineRequest request, bool json)
    {
        if (json) CommandLine.Print(new System.Text.Json.Nodes.JsonArray([.. request.Cells.Select(cell => (System.Text.Json.Nodes.JsonNode)cell.Selector)]));
        else foreach (var cell in request.Cells) Console.Out.WriteLine(cell.Selector);
        return ExitCode.Pass;
    }
}
