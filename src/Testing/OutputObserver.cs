using Understudy.Runner;
using Understudy.Verdict;
using Xunit;

namespace Understudy.Testing;

/// <summary>Tells the steps of a run in the output of its test.</summary>
sealed class OutputObserver(ITestOutputHelper? output) : IRunObserver
{
    public void Began(StepRecord step)
    {
    }

    public void Says(string text)
    {
    }

    public void Ended(StepRecord step) => output?.WriteLine($"{step.Outcome?.Word(),-6} {step.Name,-12} {step.Detail}");
}
