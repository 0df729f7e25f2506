namespace Understudy.Runner.Suites;

/// <summary>Watches many cells as they run. Called by several tasks, one call at a time; must not block.</summary>
public interface ISuiteObserver
{
    /// <summary>So many cells will run; null when it goes on until one fails.</summary>
    void Planned(int? cells);

    /// <summary>A cell is at a step.</summary>
    void At(TestCell cell, string step);

    /// <summary>The lab failed a cell, which is run once more.</summary>
    void Retries(TestCell cell, string reason);

    /// <summary>A cell has ended.</summary>
    void Ended(CellResult result);
}
