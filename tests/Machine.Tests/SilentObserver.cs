using Understudy.Runner;
using Understudy.Verdict;

namespace Understudy.Machine.Tests;

/// <summary>Watches a run for a test: what it said, and when a step began.</summary>
sealed class SilentObserver : IRunObserver
{
    public List<string> Said { get; } = [];

    public Action<StepRecord>? OnBegan { get; init; }

    public void Began(StepRecord step) => OnBegan?.Invoke(step);

    public void Says(string text) => Said.Add(text);

    public void Ended(StepRecord step) => Said.Add($"{step.Name}: {step.Outcome}: {step.Detail}");
}
