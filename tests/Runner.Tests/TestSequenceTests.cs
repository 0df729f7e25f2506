using Understudy.Runner.Suites;
using Understudy.Verdict;

namespace Understudy.Runner.Tests;

public sealed class TestSequenceTests : IDisposable
{
    readonly SuiteFolder _folder = new();
    string? _refused;

    public void Dispose() => _folder.Dispose();

    /// <summary>Ends each script as the test says, and keeps their order.</summary>
    sealed class FakeMachine(Func<string, ScriptResult> ends) : ITestMachine
    {
        public List<string> Order { get; } = [];

        public bool IsLost { get; set; }

        public string? Refused { get; init; }

        public void ArmFaults()
        {
            Order.Add("faults");
            if (Refused is not null) throw new FormatException(Refused);
        }

        public Task<ScriptResult> RunAsync(TestScript script, CancellationToken cancel)
        {
            Order.Add(script.Name);
            return Task.FromResult(ends(script.Name));
        }
    }

    sealed class Quiet : IRunObserver
    {
        public void Began(StepRecord step)
        {
        }

        public void Says(string text)
        {
        }

        public void Ended(StepRecord step)
        {
        }
    }

    static ScriptResult Exit(int code, string said = "") => new(code, null, said, said.Length > 0 ? [said] : []);

    async Task<(RunVerdict Verdict, IReadOnlyList<string> Order)> PlayAsync(Func<string, ScriptResult> ends, TestSettings? settings = null, params string[] scripts)
    {
        foreach (var script in scripts.Length > 0 ? scripts : ["setup", "teardown", "t/setup", "t/run", "t/teardown"]) _folder.With($"s/{script}", "#!/bin/sh\n");
        var test = new DirectoryTest("s", "t", _folder["s"], _folder["s/t"], settings ?? new TestSettings());
        await using var run = Run.Begin(_folder["run"], new RunInfo { Id = "t", Title = "t", Command = "none" }, new Quiet(), test.Settings.Judge);
        var machine = new FakeMachine(ends) { Refused = _refused };
        await run.StepAsync("boot", _ => Task.CompletedTask);
        await new TestSequence(test, machine, run).PlayAsync(TestContext.Current.CancellationToken);
        return (await run.ConcludeAsync(verdict => ExpectedVerdict.Of(verdict, test.Settings, run.Directory.Steps)), machine.Order);
    }

    [Fact]
    public async Task Faults_that_a_setup_has_left_nothing_are_the_tests_mistake()
    {
        _refused = "can never strike";
        var (verdict, order) = await PlayAsync(_ => Exit(0));
        Assert.Equal(["suite-setup", "setup", "faults", "teardown", "suite-teardown"], order);
        Assert.Equal(Outcome.Error, verdict.Outcome);
        Assert.Contains("can never strike", verdict.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Scripts_run_in_their_order_and_faults_begin_just_before_run()
    {
        var (verdict, order) = await PlayAsync(_ => Exit(0));
        Assert.Equal(["suite-setup", "setup", "faults", "run", "teardown", "suite-teardown"], order);
        Assert.Equal(Outcome.Pass, verdict.Outcome);
    }

    [Fact]
    public async Task A_script_that_is_not_there_is_passed_over()
    {
        var (verdict, order) = await PlayAsync(_ => Exit(0), null, "t/run");
        Assert.Equal(["faults", "run"], order);
        Assert.Equal(Outcome.Pass, verdict.Outcome);
    }

    [Theory]
    [InlineData("suite-setup", "suite-setup suite-teardown")]
    [InlineData("setup", "suite-setup setup teardown suite-teardown")]
    [InlineData("run", "suite-setup setup faults run teardown suite-teardown")]
    [InlineData("teardown", "suite-setup setup faults run teardown suite-teardown")]
    public async Task What_a_setup_began_is_torn_down_whatever_failed(string failing, string expected)
    {
        var (verdict, order) = await PlayAsync(name => Exit(name == failing ? 3 : 0, "no carrier"));
        Assert.Equal(expected.Split(' '), order);
        Assert.Equal((Outcome.Fail, $"step '{failing}': exit code 3: no carrier"), (verdict.Outcome, verdict.Reason));
    }

    [Theory]
    [InlineData("suite-setup", "suite-setup suite-teardown")]
    [InlineData("setup", "suite-setup setup teardown suite-teardown")]
    [InlineData("run", "suite-setup setup faults run teardown suite-teardown")]
    public async Task Exit_code_4_is_a_skip_with_the_last_line_as_its_reason(string skipping, string expected)
    {
        var (verdict, order) = await PlayAsync(name => name == skipping ? Exit(4, "no such feature") : Exit(0));
        Assert.Equal(expected.Split(' '), order);
        Assert.Equal((Outcome.Skip, "no such feature"), (verdict.Outcome, verdict.Reason));
    }

    [Fact]
    public async Task A_script_whose_time_is_over_fails_with_what_the_guest_was_doing()
    {
        var (verdict, order) = await PlayAsync(name => name == "run" ? new ScriptResult(null, 15, "", ["half way"]) { Overran = ["task:run state:D"] } : Exit(0), new TestSettings { Timeout = TimeSpan.FromSeconds(1.5) });
        Assert.Equal("suite-teardown", order[^1]);
        Assert.Equal((Outcome.Fail, "step 'run': still running after 1.5 s, and killed"), (verdict.Outcome, verdict.Reason));
        Assert.Equal(["half way", "task:run state:D"], verdict.Evidence);
    }

    [Fact]
    public async Task A_signal_fails_and_a_script_that_cannot_be_started_is_an_error_of_the_test()
    {
        Assert.Equal((Outcome.Fail, "step 'run': killed by signal 11"), Named((await PlayAsync(name => name == "run" ? new ScriptResult(null, 11, "", []) : Exit(0))).Verdict));
        Directory.Delete(_folder["run"], recursive: true);
        Assert.Equal((Outcome.Error, "step 'run': 'run' cannot be run"), Named((await PlayAsync(name => name == "run" ? throw new TestErrorException("'run' cannot be run") : Exit(0))).Verdict));

        static (Outcome, string) Named(RunVerdict verdict) => (verdict.Outcome, verdict.Reason);
    }

    [Theory]
    [InlineData(1, Outcome.XFail)]
    [InlineData(0, Outcome.XPass)]
    [InlineData(4, Outcome.Skip)]
    public async Task A_failure_that_was_foretold_is_expected_and_a_pass_is_not(int code, Outcome outcome)
    {
        var (verdict, _) = await PlayAsync(name => Exit(name == "run" ? code : 0), new TestSettings { ExpectedFailure = "bug 17" });
        Assert.Equal(outcome, verdict.Outcome);
        if (outcome != Outcome.Skip) Assert.Contains("bug 17", verdict.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_more_is_run_on_a_machine_that_is_lost()
    {
        FakeMachine? lost = null;
        foreach (var script in (string[])["t/run", "t/teardown", "teardown"]) _folder.With($"s/{script}", "#!/bin/sh\n");
        await using var run = Run.Begin(_folder["run"], new RunInfo { Id = "t", Title = "t", Command = "none" }, new Quiet());
        lost = new FakeMachine(_ =>
        {
            lost!.IsLost = true;
            return new ScriptResult(null, 9, "", []) { Overran = [] };
        });
        await new TestSequence(new DirectoryTest("s", "t", _folder["s"], _folder["s/t"], new TestSettings()), lost, run).PlayAsync(TestContext.Current.CancellationToken);
        Assert.Equal(["faults", "run"], lost.Order);
        Assert.Equal(Outcome.Fail, (await run.ConcludeAsync()).Outcome);
    }
}
