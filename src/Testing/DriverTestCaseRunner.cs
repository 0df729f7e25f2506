using Xunit.v3;

namespace Understudy.Testing;

/// <summary>Leads xUnit from a driver test's case to <see cref="DriverTestRunner"/>.</summary>
sealed class DriverTestCaseRunner : XunitTestCaseRunner
{
    public static DriverTestCaseRunner Shared { get; } = new();

    protected override ValueTask<RunSummary> RunTest(XunitTestCaseRunnerContext ctxt, IXunitTest test) => DriverTestRunner.Shared.Run(
        test, ctxt.MessageBus, ctxt.ConstructorArguments, ctxt.ExplicitOption, ctxt.Aggregator.Clone(), ctxt.CancellationTokenSource, ctxt.BeforeAfterTestAttributes);
}
