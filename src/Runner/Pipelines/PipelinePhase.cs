namespace Understudy.Runner.Pipelines;

/// <summary>Steps that do not wait for each other. The next phase waits for all of them, and does not begin when one ends badly.</summary>
/// <param name="Name">What it is called.</param>
/// <param name="Steps">Its steps, in the order of the file.</param>
public sealed record PipelinePhase(string Name, IReadOnlyList<PipelineStep> Steps);
