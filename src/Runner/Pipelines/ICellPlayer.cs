namespace Understudy.Runner.Pipelines;

/// <summary>Plays the cells of a pipeline.</summary>
public interface ICellPlayer
{
    /// <summary>Plays one. May be called by several tasks at once.</summary>
    /// <returns>What it came to: whatever goes wrong is the verdict of the cell.</returns>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    Task<CellVerdict> PlayAsync(CellTask task, CancellationToken cancel);
}
