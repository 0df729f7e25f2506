using System.Text.RegularExpressions;

namespace Understudy.Verdict.Tests;

public sealed class VerdictEngineTests
{
    static readonly StepRecord Passed = Step("ping", Outcome.Pass), Failed = Step("ping", Outcome.Fail), Skipped = Step("suspend", Outcome.Skip);
    static readonly Finding Oops = Kernel("BUG: unable to handle page fault in r8169_poll", Severity.Fatal);
    static readonly Finding Remark = Kernel("AER: corrected error", Severity.Warning);
    static readonly RunSignal Died = new(SignalKind.MachineDied, 9, "QEMU died of signal 11", ["segfault"]);
    static readonly RunSignal Lost = new(SignalKind.AgentLost, 9, "the agent stopped answering");

    static StepRecord Step(string name, Outcome? outcome) => new(0, name, null, 0, 1, outcome, [$"{name} says {outcome}"]);

    static Finding Kernel(string title, Severity severity) => new(2, FindingSource.Kernel, "rule", title, severity, [title, "a frame"]);

    static RunVerdict Decide(StepRecord[] steps, Finding[]? findings = null, RunSignal[]? signals = null) =>
        VerdictEngine.Decide(steps, findings ?? [], signals ?? []);

    static void Is(Outcome outcome, string reason, RunVerdict verdict) => Assert.Equal((outcome, reason), (verdict.Outcome, verdict.Reason));

    [Fact]
    public void All_steps_passed_is_a_pass() => Is(Outcome.Pass, "1 step passed", Decide([Passed, Skipped]));

    [Fact]
    public void A_failed_step_fails_with_its_lines()
    {
        var verdict = Decide([Passed, Failed, Failed]);
        Is(Outcome.Fail, "step 'ping' (and 1 more)", verdict);
        Assert.Equal(["ping says Fail"], verdict.Evidence);
    }

    [Fact]
    public void An_oops_fails_a_run_whose_steps_all_passed()
    {
        var verdict = Decide([Passed], [Remark, Oops]);
        Is(Outcome.Fail, "BUG: unable to handle page fault in r8169_poll", verdict);
        Assert.Equal(["BUG: unable to handle page fault in r8169_poll", "a frame"], verdict.Evidence);
    }

    [Fact]
    public void What_was_there_before_the_driver_fails_nothing()
    {
        Assert.Equal(Outcome.Pass, Decide([Passed], [Oops with { Baseline = true }]).Outcome);
        Is(Outcome.Broken, "the agent stopped answering", Decide([Failed], [Oops with { Baseline = true }], [Lost]));
    }

    static readonly Finding Foretold = Oops with { Expected = true };

    static RunVerdict Foretells(string title, StepRecord[] steps, Finding[] findings, RunSignal[]? signals = null) =>
        VerdictEngine.Decide(steps, findings, signals ?? [], [new Regex(title)]);

    [Fact]
    public void A_finding_that_was_foretold_is_a_pass_with_all_it_brings_with_it() =>
        Is(Outcome.Pass, $"found as expected: {Oops.Title}",
            Foretells("page fault in r8169_poll", [Passed, Failed with { EndedSeconds = 3 }], [Foretold], [new RunSignal(SignalKind.GuestPanicked, 3, "panicked")]));

    [Fact]
    public void A_finding_that_was_foretold_and_not_made_is_a_failure() =>
        Is(Outcome.Fail, "nothing was found that is 'page fault in r8169_poll'", Foretells("page fault in r8169_poll", [Passed], [Remark]));

    [Fact]
    public void Beside_a_finding_that_was_foretold_everything_else_counts_as_ever()
    {
        var mild = Foretold with { Severity = Severity.Error };
        Is(Outcome.Fail, "step 'ping'", Foretells("page fault", [Passed, Failed with { EndedSeconds = 3 }], [mild]));
        Is(Outcome.Fail, "step 'ping'", Foretells("page fault", [Failed with { EndedSeconds = 1 }], [Foretold]));
        Is(Outcome.Fail, "KASAN", Foretells("page fault", [Passed], [Foretold, Kernel("KASAN", Severity.Error) with { Time = 3 }]));
        Is(Outcome.Broken, Lost.Text, Foretells("page fault", [Passed], [mild], [Lost]));
    }

    [Fact]
    public void How_a_run_ends_can_be_foretold_where_the_kernel_says_no_word() =>
        Is(Outcome.Pass, "found as expected: the machine ended: Reset.",
            Foretells("^the machine ended: Reset", [Failed with { EndedSeconds = 9 }], [], [new RunSignal(SignalKind.GuestReset, 8, "the machine ended: Reset.")]));

    [Fact]
    public void A_test_that_was_skipped_need_not_find_anything() => Assert.Equal(Outcome.Skip, Foretells("page fault", [Skipped], []).Outcome);

    [Fact]
    public void A_remark_fails_nothing() => Assert.Equal(Outcome.Pass, Decide([Passed], [Remark]).Outcome);

    [Fact]
    public void Qemu_dying_breaks_the_run_even_when_steps_failed_of_it() =>
        Is(Outcome.Broken, "QEMU died of signal 11", Decide([Failed], [Remark], [Died]));

    [Fact]
    public void A_crash_that_took_the_agent_with_it_is_the_kernels_failure()
    {
        var verdict = Decide([Step("ping", Outcome.Broken)], [Oops], [Lost]);
        Is(Outcome.Fail, Oops.Title, verdict);
        Assert.Contains("9.000 s: the agent stopped answering", verdict.Evidence);
    }

    [Fact]
    public void The_agent_lost_without_a_cause_is_the_labs() => Is(Outcome.Broken, "the agent stopped answering", Decide([Passed], [], [Lost]));

    [Theory]
    [InlineData(SignalKind.GuestPanicked)]
    [InlineData(SignalKind.GuestReset)]
    [InlineData(SignalKind.WatchdogBit)]
    public void A_kernel_that_died_without_a_word_takes_the_agent_with_it(SignalKind death) =>
        Is(Outcome.Fail, "dead", Decide([Failed], [], [Lost, new RunSignal(death, 9.1, "dead")]));

    [Theory]
    [InlineData(SignalKind.FirmwareHung, Outcome.Broken)]
    [InlineData(SignalKind.KernelSilent, Outcome.Broken)]
    [InlineData(SignalKind.NoInit, Outcome.Fail)]
    [InlineData(SignalKind.NoAgent, Outcome.Broken)]
    [InlineData(SignalKind.AgentLost, Outcome.Broken)]
    [InlineData(SignalKind.GuestPanicked, Outcome.Fail)]
    [InlineData(SignalKind.GuestReset, Outcome.Fail)]
    [InlineData(SignalKind.WatchdogBit, Outcome.Fail)]
    [InlineData(SignalKind.MachineDied, Outcome.Broken)]
    [InlineData(SignalKind.TimeLimit, Outcome.Fail)]
    [InlineData(SignalKind.DiskFull, Outcome.Broken)]
    [InlineData(SignalKind.LabFault, Outcome.Broken)]
    public void Each_signal_is_charged_to_lab_or_kernel(SignalKind kind, Outcome outcome)
    {
        Is(outcome, "why", Decide([Passed], [], [new RunSignal(kind, 1, "why")]));
        Assert.Equal(Outcome.Fail, Decide([Passed], [Oops], [new RunSignal(kind, 1, "why")]).Outcome);
    }

    [Fact]
    public void A_model_that_crashed_first_is_the_cause_of_what_the_driver_did_then()
    {
        var crash = new Finding(Oops.Time - 0.5, FindingSource.Lab, "model-crashed", "the card threw", Severity.Error, ["a stack"]);
        var verdict = Decide([Failed], [crash, Oops], [new RunSignal(SignalKind.GuestPanicked, 9, "panicked")]);
        Is(Outcome.Broken, "the card threw", verdict);
        Assert.Contains(verdict.Evidence, line => line.Contains(Oops.Title, StringComparison.Ordinal));
        Assert.Equal(Outcome.Fail, Decide([Failed], [Oops, crash with { Time = Oops.Time + 0.5 }]).Outcome);
    }

    [Fact]
    public void A_device_finding_is_the_drivers_a_lab_finding_is_not()
    {
        var finding = new Finding(1, FindingSource.Device, "dma", "DMA outside any mapping", Severity.Error, []);
        Assert.Equal(Outcome.Fail, Decide([Passed], [finding]).Outcome);
        Is(Outcome.Broken, finding.Title, Decide([Passed], [finding with { Source = FindingSource.Lab }]));
    }

    [Fact]
    public void All_skipped_is_a_skip_with_its_reason() => Is(Outcome.Skip, "suspend says Skip", Decide([Skipped, Skipped]));

    [Fact]
    public void Nothing_run_is_no_pass() => Is(Outcome.Broken, "no step ran", Decide([]));

    [Fact]
    public void A_step_cut_short_is_no_pass() => Is(Outcome.Broken, "the run stopped in the middle of step 'ping'", Decide([Passed, Step("ping", null)]));

    [Fact]
    public void The_first_of_several_findings_is_the_reason()
    {
        var later = Kernel("Kernel panic - not syncing: Fatal exception", Severity.Fatal) with { Time = 3 };
        Is(Outcome.Fail, Oops.Title + " (first of 2 findings)", Decide([], [later, Oops]));
    }

    [Fact]
    public void Evidence_is_bounded() =>
        Assert.Equal("... 60 more lines", Decide([Failed with { Lines = [.. Enumerable.Range(0, 100).Select(i => $"{i}")] }]).Evidence[^1]);

    [Theory]
    [InlineData(Outcome.Pass, 0, "pass")]
    [InlineData(Outcome.Fail, 1, "fail: why")]
    [InlineData(Outcome.Skip, 0, "skip: why")]
    [InlineData(Outcome.Broken, 3, "broken: why")]
    public void Outcomes_have_exit_codes_and_a_terminal_line(Outcome outcome, int code, string line)
    {
        var verdict = new RunVerdict(outcome, "why", []);
        Assert.Equal((code, line), (verdict.ExitCode(), verdict.ToString()));
    }
}
