using System.Diagnostics;
using System.Text;
using Understudy.Boards;
using Understudy.Guest;
using Understudy.Verdict;

namespace Understudy.Runner.Tests;

/// <summary>The evidence of a run without a guest: a test writes its console and its kernel log.</summary>
sealed class EvidenceRig : IDisposable
{
    readonly SuiteFolder _folder = new();

    public EvidenceRig()
    {
        Directory = RunDirectory.Create(_folder["run"], new RunInfo { Id = "r", Title = "r", Command = "r" });
        Evidence = new Evidence(Directory, finding => finding);
    }

    public RunDirectory Directory { get; }
    public Evidence Evidence { get; }
    public SerialConsole Console { get; } = new();
    public KernelLog Log { get; } = new();

    /// <summary>What printk says of the time, in seconds.</summary>
    public int Second { get; set; } = 1;

    /// <summary>As it comes from a console that shows times.</summary>
    public void Prints(params string[] lines) =>
        Console.Received!(Encoding.UTF8.GetBytes(string.Concat(lines.Select(line => $"[{Second,5}.000000] {line}\r\n"))), Stopwatch.GetTimestamp());

    public void Logs(params string[] lines)
    {
        foreach (var line in lines) Log.Append(new Guest.KernelRecord(0, (ulong)Second * 1_000_000, 0, line, Stopwatch.GetTimestamp()));
    }

    /// <summary>What a WARN() of this function says.</summary>
    public static string[] Warning(string function) => ["------------[ cut here ]------------", $"WARNING: CPU: 0 PID: 1 at kernel/x.c:1 {function}+0x1/0x2", "---[ end trace 0000000000000000 ]---"];

    /// <summary>The findings as the run's record has kept them.</summary>
    public IReadOnlyList<Finding> Kept() => RunRecord.Load(Directory.Path).Findings;

    public void Dispose()
    {
        Evidence.Dispose();
        Directory.Dispose();
        _folder.Dispose();
    }
}
