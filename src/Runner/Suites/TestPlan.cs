using Understudy.Boards;

namespace Understudy.Runner.Suites;

/// <summary>One run of one test, whatever the test is written in.</summary>
/// <param name="Test">Its name among all tests: <c>rtl8111/link</c>.</param>
/// <param name="Cell">On what it runs, in the words of the matrix: <c>debian:6.12</c>.</param>
/// <param name="Settings">What the test says of itself.</param>
/// <param name="Command">The command line that does it again.</param>
public sealed record TestPlan(string Test, string Cell, TestSettings Settings, string Command)
{
    /// <summary>The run's name among all others.</summary>
    public string Name { get; init; } = $"{Test}@{Cell}";

    /// <summary>Seed of everything random in it.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>Which of several repetitions, from 1; 0 when it runs once.</summary>
    public int Repeat { get; init; }

    /// <summary>A file or directory with kernels and modules that have debug information; null for those of the test alone.</summary>
    public string? Symbols { get; init; }

    /// <summary>The guest's memory is kept in the run directory when its kernel dies or hangs.</summary>
    public bool DumpsMemory { get; init; }

    /// <summary>Its devices are recorded.</summary>
    public bool Record { get; init; }

    /// <summary>How its guest comes up, where the test does not need a boot of its own.</summary>
    public GuestStart Start { get; init; } = GuestStart.Restored;

    /// <summary>How long the guest may give no sign of life; null for the time any guest has.</summary>
    internal TimeSpan? Silence { get; init; }
}
