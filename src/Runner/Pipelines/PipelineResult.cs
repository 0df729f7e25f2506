namespace Understudy.Runner.Pipelines;

/// <summary>A cell of a run, and what came of it.</summary>
/// <param name="Cell">The cell.</param>
/// <param name="Verdict">What it came to; null while it has not ended, or when it did not run.</param>
/// <param name="Seconds">How long it took.</param>
/// <param name="Directory">Where its files are, an absolute path; null without any.</param>
public sealed record PipelineResult(PipelineCell Cell, CellVerdict? Verdict, double Seconds, string? Directory)
{
    /// <summary>Why there is no verdict.</summary>
    public string WhyNot { get; init; } = "";

    /// <summary>It is from the run that was gone on with.</summary>
    public bool Kept { get; init; }

    /// <summary>The word for it: that of the verdict, or <c>not run</c>.</summary>
    public string Word => Verdict?.Word ?? "not run";
}
