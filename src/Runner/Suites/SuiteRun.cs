using System.Diagnostics;
using System.Globalization;
using Understudy.Boards;
using Understudy.Toolchain;
using Understudy.Verdict;

namespace Understudy.Runner.Suites;

/// <summary>Runs suites: every test on every kernel, each in a guest of its own.</summary>
public sealed class SuiteRun
{
    readonly Toolbox _toolbox;
    readonly SuiteRequest _request;
    readonly ISuiteObserver _observer;
    readonly Lock _lock = new();
    readonly SortedDictionary<int, CellResult> _results = [];
    readonly Dictionary<(string Kernel, string Board, string? Qemu), Lab> _labs = [];
    readonly HashSet<string> _directories = [];
    readonly DateTimeOffset _startedUtc = DateTimeOffset.UtcNow;
    readonly long _started = Stopwatch.GetTimestamp();
    int _planned;
    volatile bool _sawBad;
    volatile string? _full;

    SuiteRun(Toolbox toolbox, SuiteRequest request, ISuiteObserver observer) => (_toolbox, _request, _observer) = (toolbox, request, observer);

    /// <summary>Runs what was asked for. Cancelling ends it early, with what has run until then.</summary>
    /// <exception cref="IOException">The output directory cannot be made, is not empty, or is full.</exception>
    /// <exception cref="SuiteException">A suite asks for a kernel or a QEMU that is not there, or is of no use.</exception>
    /// <exception cref="ToolchainException">A kernel, or what boots it, is not here and cannot be fetched.</exception>
    /// <exception cref="LabFailedException">QEMU cannot be started.</exception>
    public static async Task<SuiteSummary> PlayAsync(Toolbox toolbox, SuiteRequest request, ISuiteObserver observer, CancellationToken cancel = default)
    {
        if (Directory.Exists(request.Output) && Directory.EnumerateFileSystemEntries(request.Output).Any()) throw new IOException($"{request.Output} is not empty: name a new directory for the output");
        var run = new SuiteRun(toolbox, request, observer);
        await run.OpenLabsAsync(cancel).ConfigureAwait(false);
        Directory.CreateDirectory(request.Output);
        await run.PlayAsync(cancel).ConfigureAwait(false);
        return run.Summarise(cancel.IsCancellationRequested);
    }

    // Before the first test: a kernel that does not exist is no test's failure.
    async Task OpenLabsAsync(CancellationToken cancel)
    {
        var problems = new List<SuiteProblem>();
        foreach (var cells in SuitePlan.Round(_request, 0).GroupBy(LabOf))
            if (await OpenLabAsync(cells.Key, cells.First(), cancel).ConfigureAwait(false) is { } problem) problems.Add(problem);
        if (problems.Count > 0) throw new SuiteException(problems);
    }

    // What a suite's files ask for is told with the file; what the user asks for is theirs to know.
    async Task<SuiteProblem?> OpenLabAsync((string Kernel, string Board, string? Qemu) key, TestCell cell, CancellationToken cancel)
    {
        var asks = "qemu";
        try
        {
            if (key.Qemu is { } qemu) await _toolbox.WithQemu(qemu).QemuAsync(cancel).ConfigureAwait(false);
            asks = key.Kernel == cell.Settings.KernelImage ? "kernel" : "";
            _labs[key] = await Lab.OpenAsync(_toolbox, new LabRequest(key.Kernel, cell.Modules, key.Board, key.Qemu), cancel).ConfigureAwait(false);
            return null;
        }
        catch (ToolchainException wrong) when (wrong.Problem is ToolchainProblem.UnknownName or ToolchainProblem.BadFile && InfoDirectory.Origin(cell.Test, asks) is { } file)
        {
            return new SuiteProblem(file, 1, asks, wrong.Message);
        }
    }

    static (string Kernel, string Board, string? Qemu) LabOf(TestCell cell) => (cell.Kernel, cell.Board, cell.Settings.Qemu);

    async Task PlayAsync(CancellationToken cancel)
    {
        _observer.Planned(_request.Rounds is { } rounds ? rounds * SuitePlan.Round(_request, 0).Count : null);
        for (var round = 0; round < (_request.Rounds ?? int.MaxValue) && GoesOn(cancel); round++)
        {
            var cells = SuitePlan.Round(_request, round);
            if (cells.Count == 0) return;
            var first = _planned;
            _planned += cells.Count;
            await PlayRoundAsync(cells, first, cancel).ConfigureAwait(false);
        }
    }

    async Task PlayRoundAsync(IReadOnlyList<TestCell> cells, int first, CancellationToken cancel)
    {
        var next = -1;
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        await Task.WhenAll(Enumerable.Range(0, Math.Min(_request.Jobs, cells.Count)).Select(_ => Task.Run(WorkAsync, CancellationToken.None))).ConfigureAwait(false);

        async Task WorkAsync()
        {
            try
            {
                for (int index; GoesOn(over.Token) && (index = Interlocked.Increment(ref next)) < cells.Count;)
                    await PlayCellAsync(cells[index], first + index, over.Token).ConfigureAwait(false);
            }
            catch (IOException full) when (RunDirectoryFullException.Describes(full))
            {
                // No cell can be blamed for it, and none can be run any more: what ran until now is the result.
                _full = full.Message;
            }
            catch
            {
                // Something no cell can be blamed for: the others need not go on.
                await over.CancelAsync().ConfigureAwait(false);
                throw;
            }
        }
    }

    bool GoesOn(CancellationToken cancel) => !cancel.IsCancellationRequested && _full is null && !(_request.UntilFail && _sawBad);

    async Task PlayCellAsync(TestCell cell, int place, CancellationToken cancel)
    {
        var started = Stopwatch.GetTimestamp();
        var directory = DirectoryFor(cell);
        var lab = _labs[LabOf(cell)];
        // In a report, "the newest" is a name that means another kernel tomorrow.
        var named = cell.Point is null && cell.Kernel == BoardCatalog.Find(cell.Board).Kernel ? cell with { Kernel = lab.Kernel.Name } : cell;
        var watch = new CellObserver(named, this);
        var verdict = await PlayAsync(named, lab, directory, watch, cancel).ConfigureAwait(false);
        if (cancel.IsCancellationRequested) return;
        string? broke = null;
        if (verdict.Outcome == Outcome.Broken)
        {
            broke = verdict.Reason;
            lock (_lock) _observer.Retries(named, broke);
            verdict = await AgainAsync(named, lab, directory, watch, verdict, cancel).ConfigureAwait(false);
            if (cancel.IsCancellationRequested) return;
        }
        Add(place, new CellResult(named, verdict, Stopwatch.GetElapsedTime(started).TotalSeconds, directory, broke));
    }

    Task<RunVerdict> PlayAsync(TestCell cell, Lab lab, string directory, IRunObserver watch, CancellationToken cancel) => cell.Test is CodeTest
        ? CodeRun.PlayAsync(cell, directory, _request, watch, cancel)
        : CellRun.PlayAsync(cell, lab, directory, _request, watch, cancel);

    // The lab's failure is nobody's result: its run is kept inside the one that counts.
    async Task<RunVerdict> AgainAsync(TestCell cell, Lab lab, string directory, IRunObserver watch, RunVerdict first, CancellationToken cancel)
    {
        var aside = directory + ".broken";
        Directory.Move(directory, aside);
        RunVerdict verdict;
        try
        {
            verdict = await PlayAsync(cell, lab, directory, watch, cancel).ConfigureAwait(false);
        }
        catch (IOException full) when (RunDirectoryFullException.Describes(full))
        {
            // It could not even begin: the first is all there is.
            _full = full.Message;
            Directory.Delete(directory, recursive: true);
            Directory.Move(aside, directory);
            return first;
        }
        Directory.Move(aside, Path.Combine(directory, "broken-first"));
        return verdict;
    }

    void Add(int place, CellResult result)
    {
        lock (_lock)
        {
            _results[place] = result;
            _sawBad |= !result.Outcome.IsGood();
            _observer.Ended(result);
            SummaryFiles.Write(Summary(interrupted: false));
        }
    }

    SuiteSummary Summarise(bool interrupted)
    {
        lock (_lock)
        {
            try
            {
                SummaryFiles.Write(Summary(interrupted));
                var lines = _results.Values.Select(result => LineCoverage.In(result.Directory)).OfType<LineCoverage>().ToList();
                if (lines.Count > 0) LineCoverage.Merge(lines).Write(_request.Output);
                MatrixReport.Write(RunSummary.Read(_request.Output), Path.Combine(_request.Output, "matrix.html"));
            }
            catch (IOException full) when (RunDirectoryFullException.Describes(full))
            {
                _full ??= full.Message;
            }
            return Summary(interrupted);
        }
    }

    SuiteSummary Summary(bool interrupted)
        => new(_request, _startedUtc, Stopwatch.GetElapsedTime(_started).TotalSeconds, [.. _results.Values], _planned - _results.Count, interrupted) { Full = _full };

    string DirectoryFor(TestCell cell)
    {
        var plain = string.Concat(cell.Name.Replace('/', '.').Select(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_' or '@' ? c : '-')).TrimStart('.');
        lock (_lock)
        {
            var name = plain;
            for (var number = 2; !_directories.Add(name); number++) name = string.Create(CultureInfo.InvariantCulture, $"{plain}.{number}");
            return Path.Combine(Path.GetFullPath(_request.Output), name);
        }
    }

    sealed class CellObserver(TestCell cell, SuiteRun run) : IRunObserver
    {
        public void Began(StepRecord step)
        {
            lock (run._lock) run._observer.At(cell, step.Name);
        }

        public void Says(string text)
        {
        }

        public void Ended(StepRecord step)
        {
        }
    }
}
