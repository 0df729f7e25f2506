namespace Understudy.Runner.Pipelines;

/// <summary>A cell to be played now.</summary>
/// <param name="Cell">The cell.</param>
/// <param name="Directory">Where its files go: not there yet, below a directory that is.</param>
/// <param name="Jobs">Guests at once.</param>
/// <param name="Before">The cells of earlier phases of this run, as they ended.</param>
/// <param name="Says">Takes what is under way, in a few words.</param>
public sealed record CellTask(PipelineCell Cell, string Directory, int Jobs, IReadOnlyList<PipelineResult> Before, Action<string> Says);
