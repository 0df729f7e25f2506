using Understudy.Runner.Suites;

namespace Understudy.Runner.Pipelines;

/// <summary>A step of a phase: one cell, or one for each combination of the axes it is over.</summary>
/// <param name="Name">What it is called, unlike all others of its phase.</param>
/// <param name="Kind">What it does.</param>
/// <param name="What">With what: the command, the directories, the patterns. Paths are absolute.</param>
public sealed record PipelineStep(string Name, StepKind Kind, IReadOnlyList<string> What)
{
    /// <summary>The axes it is over.</summary>
    public IReadOnlyList<PipelineAxis> Over { get; init; } = [];

    /// <summary>Not every combination: so few that each value meets each value of every other axis.</summary>
    public bool CoversPairs { get; init; }

    /// <summary>Combinations that are left out: an axis and its value each.</summary>
    public IReadOnlyList<IReadOnlyDictionary<string, string>> Excluded { get; init; } = [];

    /// <summary>Words to choose tests of a suite by; with <c>!</c> before one, tests without it.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>Patterns for the names of tests of a suite; empty for all.</summary>
    public IReadOnlyList<string> Tests { get; init; } = [];

    /// <summary>Messages of checkpatch, by their type, that are none here.</summary>
    public IReadOnlyList<string> Allowed { get; init; } = [];

    /// <summary>Cards that the driver of a package must bind to.</summary>
    public IReadOnlyList<PlannedDevice> Devices { get; init; } = [];

    /// <summary>Host time a command may take.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(10);
}
