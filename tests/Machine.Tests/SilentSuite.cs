using Understudy.Runner.Suites;

namespace Understudy.Machine.Tests;

/// <summary>Watches a suite run and says nothing.</summary>
sealed class SilentSuite : ISuiteObserver
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
