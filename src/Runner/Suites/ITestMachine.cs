namespace Understudy.Runner.Suites;

/// <summary>A machine that can run a test's executables.</summary>
interface ITestMachine
{
    /// <summary>It can run nothing any more.</summary>
    bool IsLost { get; }

    /// <summary>Runs an executable to its end, or kills it with all it started when its time is over.</summary>
    /// <exception cref="TestErrorException">It cannot be started.</exception>
    Task<ScriptResult> RunAsync(TestScript script, CancellationToken cancel);

    /// <summary>Lets the test's faults strike from now on.</summary>
    /// <exception cref="FormatException">One could never strike, after what has been done to the device.</exception>
    void ArmFaults();
}
