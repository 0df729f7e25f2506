using Understudy.Guest;
using Understudy.Verdict;

namespace Understudy.Runner.Tests;

public sealed class EvidenceTests : IDisposable
{
    static readonly string[] s_bug = ["kernel BUG at lib/string_helpers.c:1040!", "RIP: 0010:at_fault+0x1/0x2", "---[ end trace 0000000000000000 ]---"];

    readonly EvidenceRig _rig = new();

    public EvidenceTests()
    {
        _rig.Evidence.Watch(_rig.Console);
        _rig.Evidence.Watch(_rig.Log);
    }

    public void Dispose() => _rig.Dispose();

    // The log has come as far as the report's first lines, the step ends, and the console has the whole report before the rest of the log.
    [Fact]
    public async Task What_a_late_console_tells_is_charged_to_the_step_in_which_the_log_told_it()
    {
        var run = _rig.Directory.BeginStep("run");
        _rig.Logs(s_bug[..2]);
        run.End(Outcome.Pass);
        _rig.Directory.BeginStep("next");
        _rig.Prints(s_bug);
        _rig.Logs(s_bug[2..]);
        Assert.Equal(("kernel BUG in at_fault", "run"), await ToldAsync());
    }

    [Fact]
    public async Task What_only_the_console_tells_is_charged_to_the_step_in_which_it_came()
    {
        var run = _rig.Directory.BeginStep("run");
        _rig.Logs("a word");
        run.End(Outcome.Pass);
        _rig.Directory.BeginStep("next");
        _rig.Prints(s_bug);
        Assert.Equal(("kernel BUG in at_fault", "next"), await ToldAsync());
    }

    // Every WARN() and most BUG()s begin with the same words.
    [Fact]
    public async Task A_report_of_the_same_words_at_another_time_is_another_one()
    {
        _rig.Evidence.AwaitDriver();
        _rig.Logs(EvidenceRig.Warning("of_the_kernel"));
        _rig.Evidence.DriverComes();
        _rig.Second++;
        _rig.Prints(EvidenceRig.Warning("of_the_driver"));
        _rig.Log.Complete(new GuestLostException("it is over"));
        var findings = await _rig.Evidence.CompleteAsync(null);
        Assert.Equal([("WARNING in of_the_kernel", false), ("WARNING in of_the_driver", true)], findings.Select(finding => (finding.Title, finding.Counts)));
    }

    async Task<(string Title, string? Step)> ToldAsync()
    {
        _rig.Log.Complete(new GuestLostException("it is over"));
        Assert.Single(await _rig.Evidence.CompleteAsync(null));
        var kept = Assert.Single(_rig.Kept());
        return (kept.Title, kept.Step);
    }
}
