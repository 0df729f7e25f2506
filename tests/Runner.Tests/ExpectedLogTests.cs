using System.Text.RegularExpressions;
using Understudy.Runner.Suites;
using Understudy.Verdict;

namespace Understudy.Runner.Tests;

public sealed class ExpectedLogTests
{
    static readonly Finding s_watchdog = new(1, FindingSource.Kernel, "netdev-watchdog", "NETDEV WATCHDOG: eth0 (r8169): transmit queue 0 timed out", Severity.Error, ["eth0: NETDEV WATCHDOG: CPU: 0"]);

    [Fact]
    public void An_allowed_finding_is_shown_with_its_reason_and_fails_nothing()
    {
        var settings = new TestSettings { AllowedLog = [new AllowedLog(new Regex("NETDEV WATCHDOG"), "we lose interrupts")] };
        var judged = settings.Judge(s_watchdog);
        Assert.Equal((Severity.Info, s_watchdog.Fingerprint), (judged.Severity, judged.Fingerprint));
        Assert.EndsWith("(allowed: we lose interrupts)", judged.Title, StringComparison.Ordinal);
    }

    [Fact]
    public void An_expected_finding_fails_nothing_and_any_other_stays_what_it_is()
    {
        var settings = new TestSettings { ExpectedLog = [new Regex("WATCHDOG: CPU")] };
        Assert.Equal(Severity.Info, settings.Judge(s_watchdog).Severity);
        var other = s_watchdog with { Lines = ["something else"] };
        Assert.Same(other, settings.Judge(other));
    }

    [Fact]
    public void A_finding_whose_title_is_expected_keeps_its_severity_and_counts_no_more()
    {
        var judged = new TestSettings { ExpectedFindings = [new Regex("^NETDEV WATCHDOG: eth0")], AllowedLog = [new AllowedLog(new Regex("WATCHDOG"), "any")] }.Judge(s_watchdog);
        Assert.Equal((Severity.Error, true, false, s_watchdog.Title), (judged.Severity, judged.Expected, judged.Counts, judged.Title));
        Assert.False(new TestSettings { ExpectedFindings = [new Regex("eth1")] }.Judge(s_watchdog).Expected);
    }

    [Fact]
    public void An_allowed_check_is_a_remark_and_other_checks_stay_what_they_are()
    {
        var settings = new TestSettings { AllowedChecks = [AllowedCheck.Of("wrong-size", "the datasheet allows it")] };
        var found = new Finding(1, FindingSource.Device, "wrong-size", "nic: MmioRead of 1 bytes", Severity.Warning, []);
        Assert.Equal((Severity.Info, "nic: MmioRead of 1 bytes (allowed: the datasheet allows it)"), (settings.Judge(found).Severity, settings.Judge(found).Title));
        var other = found with { Rule = "reserved-bits" };
        Assert.Same(other, settings.Judge(other));
        var kernels = found with { Source = FindingSource.Kernel };
        Assert.Same(kernels, settings.Judge(kernels));
    }

    [Fact]
    public void On_a_strict_bus_a_warning_of_the_device_fails_unless_it_is_allowed_or_foretold_and_others_stay_warnings()
    {
        var found = new Finding(1, FindingSource.Device, "rx-buffer-twice", "dma: a buffer was posted twice", Severity.Warning, []);
        var strict = new TestSettings { StrictBus = true };
        Assert.Equal(Severity.Error, strict.Judge(found).Severity);
        Assert.Equal(Severity.Warning, new TestSettings().Judge(found).Severity);
        Assert.Equal(Severity.Info, strict.Judge(found with { Severity = Severity.Info }).Severity);
        Assert.Equal(Severity.Warning, strict.Judge(found with { Source = FindingSource.Kernel }).Severity);
        Assert.Equal(Severity.Warning, strict.Judge(found with { Source = FindingSource.Lab }).Severity);
        Assert.False((strict with { ExpectedFindings = [new Regex("posted twice")] }).Judge(found).Counts);
        var allowed = strict with { AllowedChecks = [AllowedCheck.Of("wrong-size", "the datasheet allows it")] };
        Assert.Equal(Severity.Info, allowed.Judge(found with { Rule = "wrong-size" }).Severity);
    }

    [Fact]
    public void What_the_lab_found_of_itself_cannot_be_allowed()
    {
        var crash = s_watchdog with { Source = FindingSource.Lab };
        Assert.Same(crash, new TestSettings { AllowedLog = [new AllowedLog(new Regex("."), "all")] }.Judge(crash));
    }
}
