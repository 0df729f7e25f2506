using Understudy.Runner.Suites;

namespace Understudy.Bench;

/// <summary>Does not look on.</summary>
sealed class Nobody : ISuiteObserver
{
    public void Planned(int? cells)
    {
    }

    public void At(TestCell cell, string step)
    {
    }

    public void Retries(TestCell cell, string reason)
    {
    }

    public void Ended(CellResult result)
    {
    }
}
