namespace Understudy.Verdict.Tests;

public sealed class OutcomeTests
{
    [Theory]
    [InlineData(Outcome.Pass, 0, true)]
    [InlineData(Outcome.Skip, 0, true)]
    [InlineData(Outcome.XFail, 0, true)]
    [InlineData(Outcome.Fail, 1, false)]
    [InlineData(Outcome.XPass, 1, false)]
    [InlineData(Outcome.Broken, 3, false)]
    [InlineData(Outcome.Error, 4, false)]
    public void Good_ones_exit_with_0(Outcome outcome, int code, bool good)
    {
        Assert.Equal(code, ExitCode.Of(outcome));
        Assert.Equal(good, outcome.IsGood());
    }

    [Fact]
    public void Every_outcome_has_a_rank_a_word_and_a_colour()
    {
        Assert.Equal(Enum.GetValues<Outcome>().Order(), Outcomes.WorstFirst.Order());
        using var css = new StreamReader(typeof(HtmlReport).Assembly.GetManifestResourceStream("report.css")!);
        var style = css.ReadToEnd();
        Assert.All(Enum.GetValues<Outcome>(), o => Assert.Contains($"--{o.Word()}:", style, StringComparison.Ordinal));
    }

    [Fact]
    public void The_worst_decides_and_a_proof_against_the_driver_is_the_worst()
    {
        Assert.Equal(Outcome.Fail, Outcomes.Worst([Outcome.Pass, Outcome.Broken, Outcome.Fail]));
        Assert.Equal(Outcome.Error, Outcomes.Worst([Outcome.Broken, Outcome.Error, Outcome.Pass]));
        Assert.Equal(Outcome.XFail, Outcomes.Worst([Outcome.Skip, Outcome.XFail, Outcome.Pass]));
        Assert.Null(Outcomes.Worst([]));
    }

    [Theory]
    [InlineData(Outcome.Fail, Outcome.XFail)]
    [InlineData(Outcome.Pass, Outcome.XPass)]
    [InlineData(Outcome.Broken, Outcome.Broken)]
    [InlineData(Outcome.Error, Outcome.Error)]
    [InlineData(Outcome.Skip, Outcome.Skip)]
    public void An_expected_failure_turns_only_what_is_said_of_the_driver(Outcome judged, Outcome becomes) =>
        Assert.Equal(becomes, new RunVerdict(judged, "because", []).ExpectedToFail("bug 42").Outcome);

    [Fact]
    public void What_was_expected_is_told() =>
        Assert.Equal("xfail: WARNING in f (expected: bug 42)", new RunVerdict(Outcome.Fail, "WARNING in f", []).ExpectedToFail("bug 42").ToString());

    [Fact]
    public void Steps_of_every_outcome_are_judged_by_the_worst()
    {
        Assert.Equal(Outcome.Fail, Judge(Outcome.Error, Outcome.XPass, Outcome.Fail));
        Assert.Equal(Outcome.XPass, Judge(Outcome.Error, Outcome.XPass, Outcome.Pass));
        Assert.Equal(Outcome.Error, Judge(Outcome.Pass, Outcome.Error));
        Assert.Equal(Outcome.XFail, Judge(Outcome.Pass, Outcome.XFail));
        Assert.Equal(Outcome.XFail, Judge(Outcome.Skip, Outcome.XFail));
    }

    static Outcome Judge(params Outcome[] steps) =>
        VerdictEngine.Decide([.. steps.Select((o, i) => new StepRecord(i, "step", null, 0, 1, o, []))], [], []).Outcome;
}
