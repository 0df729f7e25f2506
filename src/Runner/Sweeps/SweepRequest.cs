using Understudy.Boards;
using Understudy.Pci;
using Understudy.Runner.Suites;

namespace Understudy.Runner.Sweeps;

/// <summary>What to sweep, on what, and how far.</summary>
/// <param name="Test">The test whose run is struck.</param>
/// <param name="Output">The directory for journal, findings and report; that of an earlier sweep of the same goes on.</param>
/// <param name="Command">The command line that sweeps this test so; one fault is added to it to strike with that alone.</param>
public sealed record SweepRequest(DirectoryTest Test, string Output, string Command)
{
    /// <summary>The kernel, by its name in the catalog or its path.</summary>
    public string Kernel { get; init; } = BoardCatalog.Find(BoardCatalog.Default).Kernel;

    /// <summary>The modules directory of a kernel given by its path; null for none.</summary>
    public string? Modules { get; init; }

    /// <summary>The board, by its name in the catalog.</summary>
    public string Board { get; init; } = BoardCatalog.Default;

    /// <summary>Seed of every run.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>Guests at once.</summary>
    public int Jobs { get; init; } = 1;

    /// <summary>Every place, not one of each class.</summary>
    public bool Exhaustive { get; init; }

    /// <summary>The faults tried: what hardware may show, or also what only a broken or malicious device does.</summary>
    public IReadOnlySet<FaultClass> Classes { get; init; } = new HashSet<FaultClass> { FaultClass.Legal, FaultClass.Hostile };

    /// <summary>Host time for all of it; null for no limit.</summary>
    public TimeSpan? Budget { get; init; }

    /// <summary>Host time a step of a struck run may take before it counts as hung; null for five times what the reference took, and 15 s.</summary>
    public TimeSpan? Limit { get; init; }

    /// <summary>Only these faults, each written with its device, in place of a plan.</summary>
    public IReadOnlyList<string> Rules { get; init; } = [];

    /// <summary>Ends the sweep at the first finding this says yes to; null goes on to the end.</summary>
    public Func<SweepFinding, bool>? Until { get; init; }

    /// <summary>How guests come up.</summary>
    public GuestStart Start { get; init; } = GuestStart.Restored;
}
