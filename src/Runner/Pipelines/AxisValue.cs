using Understudy.Runner.Dkms;
using Understudy.Runner.Suites;
using Understudy.Toolchain;

namespace Understudy.Runner.Pipelines;

/// <summary>One value of an axis, and what it means for the guests of a cell.</summary>
/// <param name="Name">What it is called on command lines and pages: <c>msix</c>.</param>
public sealed record AxisValue(string Name)
{
    /// <summary>A kernel, as a command line names it; null when the value is about something else.</summary>
    public string? Kernel { get; init; }

    /// <summary>A board, by its name in the catalog; null when the value is about something else.</summary>
    public string? Board { get; init; }

    /// <summary>The user space a package is installed in; null for the usual one.</summary>
    public UserSpace? Distribution { get; init; }

    /// <summary>How a package is installed; null for every way there is.</summary>
    public DkmsWay? Way { get; init; }

    /// <summary>Virtual CPUs; null for what tests ask for.</summary>
    public int? Cpus { get; init; }

    /// <summary>Guest memory, in MiB; null for what tests ask for.</summary>
    public int? MemoryMebibytes { get; init; }

    /// <summary>Devices that take the place of those of the same name.</summary>
    public IReadOnlyList<PlannedDevice> Devices { get; init; } = [];

    /// <summary>More parameters for modules, by the module's name.</summary>
    public IReadOnlyDictionary<string, string> ModuleParameters { get; init; } = new Dictionary<string, string>();
}
