using Understudy.Verdict;

namespace Understudy.Runner;

/// <summary>Watches a run as it happens: a terminal, a log, a test. Called on the run's own task; must not block.</summary>
public interface IRunObserver
{
    /// <summary>A step began.</summary>
    void Began(StepRecord step);

    /// <summary>Something about the step under way: progress, a line worth seeing.</summary>
    void Says(string text);

    /// <summary>A step ended.</summary>
    void Ended(StepRecord step);
}
