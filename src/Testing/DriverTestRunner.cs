using System.Diagnostics;
using Xunit.v3;

namespace Understudy.Testing;

/// <summary>Runs a driver test's method between the steps of its run, and lets the run's verdict be xUnit's result.</summary>
sealed class DriverTestRunner : XunitTestRunner
{
    public static DriverTestRunner Shared { get; } = new();

    protected override async ValueTask<TimeSpan> RunTest(XunitTestRunnerContext ctxt)
    {
        var started = Stopwatch.GetTimestamp();
        var bad = await DriverTest.PlayAsync((DriverTestCase)ctxt.Test.TestCase, MethodAsync, ctxt.CancellationTokenSource.Token).ConfigureAwait(false);
        // What the method threw is in the verdict; a method that was given up may still throw.
        ctxt.Aggregator.Clear();
        if (bad is not null) ctxt.Aggregator.Add(bad);
        return Stopwatch.GetElapsedTime(started);

        async Task<Exception?> MethodAsync()
        {
            await base.RunTest(ctxt).ConfigureAwait(false);
            return ctxt.Aggregator.ToException();
        }
    }
}
