namespace Understudy.Runner.Pipelines;

/// <summary>Something cells differ in.</summary>
/// <param name="Name">What it is called: <c>irq</c>.</param>
/// <param name="Values">Its values, in the order of the file.</param>
public sealed record PipelineAxis(string Name, IReadOnlyList<AxisValue> Values);
