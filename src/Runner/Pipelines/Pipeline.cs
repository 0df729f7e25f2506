using Understudy.Runner.Suites;

namespace Understudy.Runner.Pipelines;

/// <summary>A driver's CI: phases of steps, and the axes their cells differ in (docs/pipeline.md).</summary>
/// <param name="File">Where it stands, an absolute path.</param>
/// <param name="Description">What it is for, in a line.</param>
/// <param name="Axes">What cells differ in.</param>
/// <param name="Phases">In their order.</param>
public sealed record Pipeline(string File, string Description, IReadOnlyList<PipelineAxis> Axes, IReadOnlyList<PipelinePhase> Phases)
{
    /// <summary>Its name: that of the file.</summary>
    public string Name => Path.GetFileNameWithoutExtension(File);

    /// <summary>Reads one.</summary>
    /// <exception cref="SuiteException">The file cannot be read, or says what cannot be; all of it is told at once.</exception>
    public static Pipeline Read(string file) => PipelineFile.Read(file);

    /// <summary>The cells of all its steps, in their order.</summary>
    /// <param name="full">Every combination, also where a step wants only so many that all pairs are met.</param>
    public IReadOnlyList<PipelineCell> Cells(bool full = false)
        => [.. Phases.SelectMany(phase => phase.Steps.SelectMany(step => Combinations.Of(step, full).Select(values => new PipelineCell(phase.Name, step, values))))];
}
