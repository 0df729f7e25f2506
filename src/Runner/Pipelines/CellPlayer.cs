using System.ComponentModel;
using System.Globalization;
using Understudy.Boards;
using Understudy.Build;
using Understudy.Runner.Suites;
using Understudy.Toolchain;
using Understudy.Verdict;

namespace Understudy.Runner.Pipelines;

/// <summary>Plays cells for real: on this host and in guests.</summary>
public sealed class CellPlayer : ICellPlayer
{
    internal const string LogName = "output.log";

    readonly Toolbox _toolbox;
    readonly PipelineRequest _request;
    readonly Dictionary<PipelineStep, IReadOnlyList<TestSuite>> _suites;

    CellPlayer(Toolbox toolbox, PipelineRequest request, Dictionary<PipelineStep, IReadOnlyList<TestSuite>> suites) => (_toolbox, _request, _suites) = (toolbox, request, suites);

    /// <summary>Makes ready to play the cells of a request. What is wrong in suites, and kernels that do not exist, are told before anything runs.</summary>
    /// <exception cref="SuiteException">Files of a suite are wrong, or a step chooses none of its tests.</exception>
    /// <exception cref="ToolchainException">There is no such kernel.</exception>
    public static async Task<CellPlayer> OpenAsync(Toolbox toolbox, PipelineRequest request, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        var suites = request.Cells.Select(cell => cell.Step).Where(step => step.Kind == StepKind.Suite).Distinct().ToDictionary(step => step, step => SuiteReader.Read(step.What));
        foreach (var (step, some) in suites)
            if (!some.SelectMany(suite => suite.Tests).Any(test => Chosen(step, []).Chooses(test)))
                throw new SuiteException([new SuiteProblem(request.Pipeline.File, 0, step.Name, $"the step chooses no test; there is {string.Join(", ", some.SelectMany(suite => suite.Tests).Select(test => test.Name))}, with the tags {string.Join(", ", some.SelectMany(suite => suite.Tests).SelectMany(test => test.Settings.Tags).Distinct())}")]);
        foreach (var step in request.Cells.Select(cell => cell.Step).Where(step => step.Kind == StepKind.Package).Distinct()) Packages.Check(request.Pipeline, step);
        foreach (var (kernel, board) in request.Cells.Where(cell => cell.Step.Kind is not (StepKind.Shell or StepKind.Artefacts)).Select(cell => (cell.Kernel, cell.Board)).Distinct())
            await Lab.CheckAsync(toolbox, new LabRequest(kernel, Board: board), cancel).ConfigureAwait(false);
        return new CellPlayer(toolbox, request, suites);
    }

    /// <summary>Whether some test of a suite step has a name that is asked for; true of all other steps.</summary>
    public static bool HasTests(PipelineStep step, IReadOnlyList<string> names)
    {
        ArgumentNullException.ThrowIfNull(step);
        return step.Kind != StepKind.Suite || SuiteReader.Read(step.What).SelectMany(suite => suite.Tests).Any(test => Chosen(step, []).Chooses(test) && new TestSelection { Names = names }.Chooses(test));
    }

    /// <inheritdoc/>
    public async Task<CellVerdict> PlayAsync(CellTask task, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(task);
        try
        {
            return await (task.Cell.Step.Kind switch
            {
                StepKind.Shell => ShellAsync(task, cancel),
                StepKind.Checkpatch => new SourceChecks(_toolbox).CheckpatchAsync(task, cancel),
                StepKind.Sparse => new SourceChecks(_toolbox).SparseAsync(task, cancel),
                StepKind.Build => BuildAsync(task, cancel),
                StepKind.Suite => SuiteAsync(task, cancel),
                StepKind.Package => Packages.TryAsync(_toolbox, task, _request.Seed, cancel),
                StepKind.Artefacts => Task.FromResult(Artefacts.Collect(task)),
                var kind => throw new InvalidOperationException($"no such kind of step: {kind}"),
            }).ConfigureAwait(false);
        }
        catch (BuildFailedException failed)
        {
            return new CellVerdict(Outcome.Fail, failed.Message) { Evidence = [.. failed.Messages.Select(message => message.ToString()), .. failed.Log is { } log && Path.GetDirectoryName(log) != task.Directory ? new[] { $"log: {log}" } : []], Page = Path.GetDirectoryName(failed.Log) == task.Directory ? LogName : null };
        }
        catch (SuiteException wrong)
        {
            return new CellVerdict(Outcome.Error, wrong.Message);
        }
        catch (Exception lab) when (lab is ToolchainException or LabFailedException or IOException or UnauthorizedAccessException or Win32Exception)
        {
            return new CellVerdict(Outcome.Broken, lab.Message);
        }
    }

    async Task<CellVerdict> ShellAsync(CellTask task, CancellationToken cancel)
    {
        Directory.CreateDirectory(task.Directory);
        var step = task.Cell.Step;
        var script = new HostScript(["sh", "-c", step.What[0]], Path.GetDirectoryName(_request.Pipeline.File)!, Path.Combine(task.Directory, LogName))
        {
            Timeout = step.Timeout,
            Environment = new Dictionary<string, string>(task.Cell.Values.Select(at => KeyValuePair.Create($"UNDERSTUDY_{at.Axis.Name.ToUpperInvariant().Replace('-', '_').Replace(' ', '_')}", at.Value.Name)))
            {
                ["UNDERSTUDY_OUTPUT"] = task.Directory, ["UNDERSTUDY_SEED"] = _request.Seed.ToString(CultureInfo.InvariantCulture),
            },
        };
        var (code, lines) = await script.RunAsync(task.Says, cancel).ConfigureAwait(false);
        return HostScript.Verdict(code, lines, step.Timeout) with { Page = File.Exists(script.Log) ? LogName : null };
    }

    async Task<CellVerdict> BuildAsync(CellTask task, CancellationToken cancel)
    {
        var kernel = await Lab.KernelAsync(_toolbox, new LabRequest(task.Cell.Kernel, Board: task.Cell.Board), cancel).ConfigureAwait(false);
        Directory.CreateDirectory(task.Directory);
        var (names, warnings) = (new List<string>(), new List<string>());
        foreach (var source in task.Cell.Step.What)
        {
            task.Says($"{Path.GetFileName(source)} for {kernel.Release}");
            var built = await BuiltAsync(source, kernel, task.Directory, cancel).ConfigureAwait(false);
            foreach (var module in built.Modules) File.Copy(module.Path, Path.Combine(task.Directory, Path.GetFileName(module.Path)), overwrite: true);
            await File.AppendAllLinesAsync(Path.Combine(task.Directory, LogName), await File.ReadAllLinesAsync(built.Log, cancel).ConfigureAwait(false), cancel).ConfigureAwait(false);
            names.AddRange(built.Modules.Select(module => Path.GetFileName(module.Path)));
            warnings.AddRange(built.Warnings.Select(warning => warning.ToString()));
        }
        return new CellVerdict(Outcome.Pass, string.Create(CultureInfo.InvariantCulture, $"{string.Join(", ", names)} for {kernel.Release}{(warnings.Count > 0 ? $", {warnings.Count} warnings" : "")}")) { Evidence = warnings, Page = LogName };
    }

    // The log in the cache is gone with the next build.
    async Task<BuiltModules> BuiltAsync(string source, Kernel kernel, string directory, CancellationToken cancel)
    {
        try
        {
            return await new ModuleBuilder(_toolbox).BuildAsync(source, kernel, cancel: cancel).ConfigureAwait(false);
        }
        catch (BuildFailedException failed) when (failed.Log is { } log)
        {
            var kept = Path.Combine(directory, LogName);
            File.Copy(log, kept, overwrite: true);
            throw new BuildFailedException(failed.Message, failed.Messages, kept);
        }
    }

    async Task<CellVerdict> SuiteAsync(CellTask task, CancellationToken cancel)
    {
        var (cell, command) = (task.Cell, _request.CommandFor(task.Cell));
        var request = new SuiteRequest(_suites[cell.Step], task.Directory, command)
        {
            Points = [cell.Point(_request.Pipeline.File, command)], Selection = Chosen(cell.Step, _request.Tests), Jobs = task.Jobs, Seed = _request.Seed, Start = _request.Start,
        };
        var summary = await SuiteRun.PlayAsync(_toolbox, request, new SuiteWatch(task.Says), cancel).ConfigureAwait(false);
        cancel.ThrowIfCancellationRequested();
        return SuiteVerdict.Of(summary) with { Page = "matrix.html" };
    }

    static TestSelection Chosen(PipelineStep step, IReadOnlyList<string> names) => new() { Tags = step.Tags, Names = names.Count > 0 ? names : step.Tests };
}
