using Understudy.Boards;
using Understudy.Guest;
using Understudy.Runner;
using Understudy.Runner.Suites;
using Understudy.Verdict;

namespace Understudy.Testing.Tests;

/// <summary>From what a method threw to a step, and from a verdict to what xUnit is told.</summary>
public sealed class ResultTests : IDisposable
{
    readonly string _path = Directory.CreateTempSubdirectory("understudy-result-").FullName;

    public void Dispose() => Directory.Delete(_path, recursive: true);

    [Fact]
    public void Nothing_thrown_is_a_pass() => Judge(null);

    [Fact]
    public void An_assertion_is_the_drivers_failure_whosever_it_is()
    {
        var failed = Assert.Throws<StepFailedException>(() => Judge(Catch(() => Assert.Equal(1, 2))));
        Assert.StartsWith("Assert.Equal() Failure: Values differ, Expected: 1", failed.Message, StringComparison.Ordinal);
        Assert.Contains(failed.Lines, line => line.Contains("ResultTests.cs:line", StringComparison.Ordinal));
        Assert.Throws<StepFailedException>(() => Judge(new DriverFailedException("no carrier")));
        Assert.Throws<StepFailedException>(() => Judge(new AggregateException(new DriverFailedException("no carrier"), new InvalidOperationException())));
    }

    [Fact]
    public void A_skip_is_a_skip_with_its_reason()
        => Assert.Equal("not today", Assert.Throws<StepSkippedException>(() => Judge(Catch(() => Assert.Skip("not today")))).Message);

    [Fact]
    public void Any_other_exception_is_the_tests_error_and_none_of_the_labs_or_the_drivers()
    {
        var error = Assert.Throws<TestErrorException>(() => Judge(Catch(() => throw new IOException("no such file"))));
        Assert.Matches("^the test threw IOException: no such file at .*ResultTests", error.Message);
        Assert.Throws<TestErrorException>(() => Judge(new OperationCanceledException()));
    }

    [Fact]
    public void What_guest_and_lab_say_stays_theirs()
    {
        Assert.Throws<GuestException>(() => Judge(new GuestException(2, "load x", "no such module")));
        Assert.Throws<GuestLostException>(() => Judge(new GuestLostException("gone")));
        Assert.Throws<LabFailedException>(() => Judge(new LabFailedException("QEMU died")));
        Assert.Throws<OperationCanceledException>(() => Thrown.Judge(new OperationCanceledException(), new CancellationToken(canceled: true)));
    }

    [Theory]
    [InlineData(Outcome.Fail, typeof(DriverFailedException))]
    [InlineData(Outcome.XPass, typeof(DriverFailedException))]
    [InlineData(Outcome.Broken, typeof(LabBrokenException))]
    [InlineData(Outcome.Error, typeof(TestBrokenException))]
    public void A_bad_verdict_says_whose_fault_where_and_how_to_have_it_again(Outcome outcome, Type type)
    {
        using var directory = RunDirectory.Create(Path.Combine(_path, "run"), new RunInfo { Id = "t", Title = "t", Command = "understudy run t --seed 7" });
        var told = TestResult.Of(new RunVerdict(outcome, "WARNING in x", ["proof"]), directory, null)!;
        Assert.IsType(type, told);
        Assert.Equal($"{outcome.Word()}: WARNING in x\n    proof\nreport: {directory.Path}/report.html\nagain:  understudy run t --seed 7", told.Message);
    }

    [Fact]
    public void A_failure_shows_where_the_test_threw()
    {
        using var directory = RunDirectory.Create(Path.Combine(_path, "run"), new RunInfo { Id = "t", Title = "t", Command = "c" });
        var told = TestResult.Of(new RunVerdict(Outcome.Fail, "no carrier", []), directory, Catch(() => Assert.Fail("no carrier")))!;
        Assert.Contains(nameof(A_failure_shows_where_the_test_threw), told.StackTrace, StringComparison.Ordinal);
    }

    [Fact]
    public void Good_verdicts_pass_and_a_skip_is_xUnits_skip()
    {
        using var directory = RunDirectory.Create(Path.Combine(_path, "run"), new RunInfo { Id = "t", Title = "t", Command = "c" });
        Assert.Null(TestResult.Of(new RunVerdict(Outcome.Pass, "", []), directory, null));
        Assert.Null(TestResult.Of(new RunVerdict(Outcome.XFail, "", []), directory, new DriverFailedException("as foretold")));
        Assert.Equal("$XunitDynamicSkip$why", TestResult.Of(new RunVerdict(Outcome.Skip, "why", []), directory, null)!.Message);
    }

    [Fact]
    public void What_a_program_says_of_its_tests_is_read_back()
    {
        var list = Path.Combine(_path, "list");
        var entry = new CodeTestEntry("A.b", "N.A", "b", "what\nit shows", ["x"], 1.5, null, "wrong");
        entry.AppendTo(list);
        entry.AppendTo(list);
        Assert.Equal([entry.Name, entry.Name], CodeTestEntry.ReadFrom(list).Select(read => read.Name));
        Assert.Equal(("what\nit shows", 1.5, "wrong"), CodeTestEntry.ReadFrom(list)[0] is var read ? (read.Description, read.TimeoutSeconds, read.Problem) : default);
        File.AppendAllText(list, "{torn");
        Assert.Throws<InvalidDataException>(() => CodeTestEntry.ReadFrom(list));
        Assert.Empty(CodeTestEntry.ReadFrom(Path.Combine(_path, "none")));
    }

    static void Judge(Exception? thrown) => Thrown.Judge(thrown, CancellationToken.None);

    // xUnit's own way to catch lets a skip through.
    static Exception Catch(Action act)
    {
        try
        {
            act();
        }
        catch (Exception thrown)
        {
            return thrown;
        }
        throw new InvalidOperationException("nothing was thrown");
    }
}
