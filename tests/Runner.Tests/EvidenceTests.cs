using System.Diagnostics;
using System.Text;
using Understudy.Boards;
using Understudy.Guest;
using Understudy.Verdict;

namespace Understudy.Runner.Tests;

public sealed class EvidenceTests : IDisposable
{
    static readonly string[] s_bug = ["kernel BUG at lib/string_helpers.c:1040!", "RIP: 0010:at_fault+0x1/0x2", "---[ end trace 0000000000000000 ]---"];

    readonly SuiteFolder _folder = new();
    readonly RunDirectory _directory;
    readonly SerialConsole _console = new();
    readonly KernelLog _log = new();
    readonly Evidence _evidence;

    public EvidenceTests()
    {
        _directory = RunDirectory.Create(_folder["run"], new RunInfo { Id = "r", Title = "r", Command = "r" });
        _evidence = new Evidence(_directory, finding => finding);
        _evidence.Watch(_console);
    }

    public void Dispose()
    {
        _evidence.Dispose();
        _directory.Dispose();
        _folder.Dispose();
    }

    // The log has come as far as the report's first lines, the step ends, and the console has the whole report before the rest of the log.
    [Fact]
    public async Task What_a_late_console_tells_is_charged_to_the_step_in_which_the_log_told_it()
    {
        _evidence.Watch(_log);
        var run = _directory.BeginStep("run");
        Logs(s_bug[..2]);
        run.End(Outcome.Pass);
        _directory.BeginStep("next");
        Prints(s_bug);
        Logs(s_bug[2..]);
        _log.Complete(new GuestLostException("it is over"));
        Assert.Equal(("kernel BUG in at_fault", "run"), Told(await _evidence.CompleteAsync(null)));
    }

    [Fact]
    public async Task What_only_the_console_tells_is_charged_to_the_step_in_which_it_came()
    {
        _evidence.Watch(_log);
        var run = _directory.BeginStep("run");
        Logs("a word");
        run.End(Outcome.Pass);
        _directory.BeginStep("next");
        Prints(s_bug);
        _log.Complete(new GuestLostException("it is over"));
        Assert.Equal(("kernel BUG in at_fault", "next"), Told(await _evidence.CompleteAsync(null)));
    }

    (string Title, string? Step) Told(IReadOnlyList<Finding> findings)
    {
        Assert.Single(findings);
        var finding = Assert.Single(RunRecord.Load(_directory.Path).Findings);
        return (finding.Title, finding.Step);
    }

    void Prints(params string[] lines) =>
        _console.Received!(Encoding.UTF8.GetBytes(string.Concat(lines.Select(line => $"[    1.000000] {line}\r\n"))), Stopwatch.GetTimestamp());

    void Logs(params string[] lines)
    {
        foreach (var line in lines) _log.Append(new Guest.KernelRecord(0, 1_000_000, 0, line, Stopwatch.GetTimestamp()));
    }
}
