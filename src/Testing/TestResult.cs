using Understudy.Verdict;
using Xunit.v3;

namespace Understudy.Testing;

/// <summary>Says a run's verdict in xUnit's words: pass, skip or failure, with where everything is and how to have it again.</summary>
static class TestResult
{
    const int MostLines = 12;

    /// <param name="verdict">The verdict.</param>
    /// <param name="directory">The run's directory.</param>
    /// <param name="thrown">What the test's method threw.</param>
    /// <returns>What xUnit is to be told; null for a pass.</returns>
    public static Exception? Of(RunVerdict verdict, RunDirectory directory, Exception? thrown) => verdict.Outcome switch
    {
        Outcome.Pass or Outcome.XFail => null,
        Outcome.Skip => new SkippedException(verdict.Reason),
        Outcome.Fail or Outcome.XPass => new DriverFailedException(Message(verdict, directory), thrown),
        Outcome.Broken => new LabBrokenException(Message(verdict, directory)),
        _ => new TestBrokenException(Message(verdict, directory), thrown),
    };

    static string Message(RunVerdict verdict, RunDirectory directory) => string.Join('\n',
    [
        verdict.ToString(), .. verdict.Evidence.Take(MostLines).Select(line => $"    {line}"),
        $"report: {Path.Combine(directory.Path, "report.html")}", $"again:  {directory.Info.Command}",
    ]);

    // By its first word xUnit knows it.
    sealed class SkippedException(string reason) : Exception(DynamicSkipToken.Value + reason);
}
