using System.Globalization;
using Understudy.Boards;
using Understudy.Runner.Suites;

namespace Understudy.Runner.Pipelines;

/// <summary>Which cells of a pipeline to run, and where to write it down.</summary>
/// <param name="Pipeline">The pipeline.</param>
/// <param name="Cells">Its cells to run, in its order.</param>
/// <param name="Output">The run's directory.</param>
/// <param name="Command">The command line that does it again.</param>
public sealed record PipelineRequest(Pipeline Pipeline, IReadOnlyList<PipelineCell> Cells, string Output, string Command)
{
    /// <summary>Cells at once; where a phase has fewer, guests of one cell.</summary>
    public int Jobs { get; init; } = 1;

    /// <summary>Where all randomness comes from.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>How guests come up.</summary>
    public GuestStart Start { get; init; } = GuestStart.Restored;

    /// <summary>Patterns for the names of tests, beside those of the steps; empty for all.</summary>
    public IReadOnlyList<string> Tests { get; init; } = [];

    /// <summary>Results of a run that is gone on with: cells that are not run again.</summary>
    public IReadOnlyList<PipelineResult> Kept { get; init; } = [];

    /// <summary>The command line that runs one cell.</summary>
    public string CommandFor(PipelineCell cell)
    {
        ArgumentNullException.ThrowIfNull(cell);
        var isLeftOut = cell.Step.CoversPairs && !Combinations.Of(cell.Step, full: false).Any(values => values.SequenceEqual(cell.Values));
        return string.Create(CultureInfo.InvariantCulture, $"understudy pipeline {TestCell.Quoted(Path.GetRelativePath(Environment.CurrentDirectory, Pipeline.File))} --cell {TestCell.Quoted(cell.Selector)}{(isLeftOut ? " --full" : "")}");
    }
}
