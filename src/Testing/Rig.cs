using Understudy.Runner.Suites;
using Understudy.Verdict;

namespace Understudy.Testing;

/// <summary>A guest that is up, with the test's devices in it. It ends with the test; then console, kernel log and bus have their say, and an
/// oops, a WARNING, a lockup or a DMA to nowhere fails the test even though all its asserts passed.</summary>
public sealed class Rig
{
    readonly TestRun _run;

    internal Rig(DriverTest test)
    {
        (_run, Stop) = (test.Run, test.Stop);
        Guest = new RigGuest(_run.Machine.Guest, Stop);
        Kernel = new RigKernel(_run.Machine.Guest, Stop);
    }

    /// <summary>The guest: its shell and its files.</summary>
    public RigGuest Guest { get; }

    /// <summary>The guest's kernel: its log and its modules.</summary>
    public RigKernel Kernel { get; }

    /// <summary>Cancelled when the test is to stop: its time is over, its guest is gone, or somebody interrupts it.</summary>
    public CancellationToken Stop { get; }

    /// <summary>Where this run is written down (docs/run-directory.md).</summary>
    public string Directory => _run.Run.Directory.Path;

    /// <summary>What kernel, console and bus complained of so far. What comes at this very moment may be missing: the verdict waits for it.</summary>
    public IReadOnlyList<Finding> Findings => _run.Run.Findings;

    /// <summary>The kernel log must hold this when the test has ended; a finding that fits it fails nothing from now on.</summary>
    /// <param name="pattern">A regular expression.</param>
    /// <exception cref="FormatException">It is none.</exception>
    public void ExpectLog(string pattern) => _run.Settings = _run.Settings with { ExpectedLog = [.. _run.Settings.ExpectedLog, LogPattern.Parse(pattern)] };

    /// <summary>What the kernel may complain of from now on without failing the test.</summary>
    /// <param name="pattern">A regular expression, found in the finding's title or one of its lines.</param>
    /// <param name="reason">Why it may be there; shown in the report.</param>
    /// <exception cref="FormatException">It is none.</exception>
    public void AllowLog(string pattern, string reason)
        => _run.Settings = _run.Settings with { AllowedLog = [.. _run.Settings.AllowedLog, new AllowedLog(LogPattern.Parse(pattern), reason)] };
}
