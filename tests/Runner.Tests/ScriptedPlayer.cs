using Understudy.Runner.Pipelines;
using Understudy.Verdict;

namespace Understudy.Runner.Tests;

/// <summary>Plays the cells of a pipeline as a test says, and keeps who was played in which order. What is not said is a pass.</summary>
sealed class ScriptedPlayer(Func<PipelineCell, CellVerdict?>? script = null) : ICellPlayer, IPipelineObserver
{
    readonly Lock _lock = new();

    public List<CellTask> Played { get; } = [];

    public List<string> Told { get; } = [];

    /// <summary>Called with a cell before its verdict.</summary>
    public Func<PipelineCell, CancellationToken, Task>? Before { get; set; }

    public async Task<CellVerdict> PlayAsync(CellTask task, CancellationToken cancel)
    {
        lock (_lock) Played.Add(task);
        if (Before is { } before) await before(task.Cell, cancel);
        cancel.ThrowIfCancellationRequested();
        return script?.Invoke(task.Cell) ?? new CellVerdict(Outcome.Pass, "as the script says");
    }

    public void Began(string phase, int cells) => Told.Add($"{phase}: {cells}");

    public void At(PipelineCell cell, string doing)
    {
    }

    public void Ended(PipelineResult result) => Told.Add($"{result.Cell.Name} {result.Word}");

    public void Closed(string phase, string why) => Told.Add($"{phase} closed: {why}");
}
