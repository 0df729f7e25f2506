namespace Understudy.Runner.Pipelines;

/// <summary>Watches a pipeline. Called by several tasks, one call at a time; must not block.</summary>
public interface IPipelineObserver
{
    /// <summary>A phase begins, with so many cells.</summary>
    void Began(string phase, int cells);

    /// <summary>A cell is under way.</summary>
    void At(PipelineCell cell, string doing);

    /// <summary>A cell has ended.</summary>
    void Ended(PipelineResult result);

    /// <summary>A phase does not begin.</summary>
    void Closed(string phase, string why);
}
