namespace Understudy.Runner.Sweeps;

/// <summary>Told how a sweep goes, from any thread, one call at a time.</summary>
public interface ISweepObserver
{
    /// <summary>Something worth a line.</summary>
    void Says(string text);

    /// <summary>The reference has run, and this is what will be tried.</summary>
    /// <param name="touches">Places where a fault could strike.</param>
    /// <param name="points">Faults to try.</param>
    /// <param name="known">Of those, what an earlier sweep has tried.</param>
    void Planned(int touches, int points, int known);

    /// <summary>A fault was tried.</summary>
    /// <param name="result">What came of it.</param>
    /// <param name="isNew">It brought out something no fault before it had.</param>
    void Ended(SweepResult result, bool isNew);
}
