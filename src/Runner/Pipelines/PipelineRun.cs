using System.Diagnostics;
using System.Globalization;
using Understudy.Verdict;

namespace Understudy.Runner.Pipelines;

/// <summary>Runs the cells of a pipeline, phase by phase. Phases gate each other; the cells of one do not.</summary>
public sealed class PipelineRun
{
    readonly PipelineRequest _request;
    readonly ICellPlayer _player;
    readonly IPipelineObserver _observer;
    readonly Lock _lock = new();
    readonly PipelineResult[] _results;
    readonly HashSet<string> _tested;
    readonly DateTimeOffset _startedUtc = DateTimeOffset.UtcNow;
    readonly long _started = Stopwatch.GetTimestamp();

    PipelineRun(PipelineRequest request, ICellPlayer player, IPipelineObserver observer)
    {
        (_request, _player, _observer) = (request, player, observer);
        _results = [.. request.Cells.Select(cell => request.Kept.FirstOrDefault(kept => kept.Cell.Name == cell.Name) ?? new PipelineResult(cell, null, 0, null) { WhyNot = "has not ended" })];
        _tested = [.. request.Pipeline.Cells(full: true).Where(cell => cell.Step.Kind == StepKind.Suite).Select(cell => cell.Kernel)];
    }

    /// <summary>Runs what was asked for. Cancelling ends it early, with what has run until then.</summary>
    /// <exception cref="IOException">The output directory cannot be written, or is not empty and not gone on with.</exception>
    public static async Task<PipelineSummary> PlayAsync(PipelineRequest request, ICellPlayer player, IPipelineObserver observer, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (request.Kept.Count == 0 && Directory.Exists(request.Output) && Directory.EnumerateFileSystemEntries(request.Output).Any()) throw new IOException($"{request.Output} is not empty: name a new directory for the output");
        Directory.CreateDirectory(request.Output);
        var run = new PipelineRun(request, player, observer);
        foreach (var phase in request.Pipeline.Phases.Select(phase => phase.Name)) await run.PhaseAsync(phase, cancel).ConfigureAwait(false);
        return run.Summarise(cancel.IsCancellationRequested && run._results.Any(result => result.Verdict is null), isOver: true);
    }

    async Task PhaseAsync(string phase, CancellationToken cancel)
    {
        int[] places = [.. Enumerable.Range(0, _results.Length).Where(index => _results[index].Cell.Phase == phase && _results[index].Verdict is null)];
        if (places.Length == 0) return;
        if (Gate(places[0], cancel) is { } why)
        {
            foreach (var place in places) _results[place] = _results[place] with { WhyNot = why };
            _observer.Closed(phase, why);
            return;
        }
        _observer.Began(phase, places.Length);
        PipelineResult[] before = [.. _results.TakeWhile(result => result.Cell.Phase != phase)];
        var (workers, next) = (Math.Min(_request.Jobs, places.Length), -1);
        await Task.WhenAll(Enumerable.Range(0, workers).Select(_ => Task.Run(WorkAsync, CancellationToken.None))).ConfigureAwait(false);

        async Task WorkAsync()
        {
            for (int index; !cancel.IsCancellationRequested && (index = Interlocked.Increment(ref next)) < places.Length;)
                await PlayAsync(places[index], _request.Jobs / workers, before, cancel).ConfigureAwait(false);
        }
    }

    string? Gate(int first, CancellationToken cancel) => cancel.IsCancellationRequested ? "interrupted before"
        : _results.Take(first).FirstOrDefault(result => result.Verdict?.OpensGate != true) is { } shut ? $"the phase {shut.Cell.Phase} is not passed ({shut.Cell.Name}: {shut.Word})" : null;

    async Task PlayAsync(int place, int jobs, IReadOnlyList<PipelineResult> before, CancellationToken cancel)
    {
        var cell = _results[place].Cell;
        var started = Stopwatch.GetTimestamp();
        var directory = DirectoryFor(cell);
        PipelineResult result;
        try
        {
            Says("begins");
            var verdict = await _player.PlayAsync(new CellTask(cell, directory, jobs, before, Says), cancel).ConfigureAwait(false);
            result = new PipelineResult(cell, Marked(cell, verdict), Stopwatch.GetElapsedTime(started).TotalSeconds, directory);
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            result = new PipelineResult(cell, null, Stopwatch.GetElapsedTime(started).TotalSeconds, directory) { WhyNot = "interrupted" };
        }
        lock (_lock)
        {
            _results[place] = result;
            _observer.Ended(result);
        }
        Summarise(interrupted: false, isOver: false);

        void Says(string doing)
        {
            lock (_lock) _observer.At(cell, doing);
        }
    }

    // A kernel that the pipeline builds for and tests nothing on says so.
    CellVerdict Marked(PipelineCell cell, CellVerdict verdict)
        => cell.Step.Kind == StepKind.Build && verdict.Outcome == Outcome.Pass && !_tested.Contains(cell.Kernel)
            ? verdict with { BuiltOnly = true, Reason = $"{verdict.Reason}; the pipeline runs no test on {cell.Kernel}" } : verdict;

    string DirectoryFor(PipelineCell cell)
    {
        var plain = Path.Combine([Path.GetFullPath(_request.Output), .. new[] { cell.Phase, cell.Step.Name, cell.Place }.Where(part => part.Length > 0).Select(Plain)]);
        lock (_lock)
        {
            var directory = plain;
            for (var number = 2; Path.Exists(directory); number++) directory = string.Create(CultureInfo.InvariantCulture, $"{plain}.{number}");
            Directory.CreateDirectory(Path.GetDirectoryName(directory)!);
            return directory;
        }
    }

    static string Plain(string name) => string.Concat(name.Select(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_' or '=' or ',' ? c : '-'));

    PipelineSummary Summarise(bool interrupted, bool isOver)
    {
        lock (_lock)
        {
            var summary = new PipelineSummary(_request, _startedUtc, Stopwatch.GetElapsedTime(_started).TotalSeconds, [.. _results], interrupted) { Over = isOver };
            PipelineFiles.Write(summary);
            return summary;
        }
    }
}
