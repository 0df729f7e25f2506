using System.Text.RegularExpressions;
using Understudy.Boards;

namespace Understudy.Runner.Suites;

/// <summary>What a test says of itself: the keys of <c>test.yaml</c>, over those of <c>suite.yaml</c>, over what is written here.</summary>
public sealed record TestSettings
{
    /// <summary>What it shows, in a line.</summary>
    public string Description { get; init; } = "";

    /// <summary>The devices to plug in, in the order of their slots.</summary>
    public IReadOnlyList<PlannedDevice> Devices { get; init; } = [];

    /// <summary>The modules to load before the scripts run, in this order.</summary>
    public IReadOnlyList<PlannedModule> Modules { get; init; } = [];

    /// <summary>Modules of the kernel that the guest has at hand for whoever asks for them, and that nothing loads before; those a kernel lacks are not there.</summary>
    public IReadOnlyList<string> MoreModules { get; init; } = [];

    /// <summary>The programs its scripts find on their PATH: paths of C files, and of directories with a C# project each.</summary>
    public IReadOnlyList<string> Programs { get; init; } = [];

    /// <summary>The kernels it is for; null for all.</summary>
    public KernelConstraint? Kernel { get; init; }

    /// <summary>A kernel image of the suite's own, used where the user names none; null for the newest one of the catalog.</summary>
    public string? KernelImage { get; init; }

    /// <summary>A QEMU of the suite's own: its path, or a program on the PATH; null for ours.</summary>
    public string? Qemu { get; init; }

    /// <summary>The guest and the host share a directory, kept with the run.</summary>
    public bool SharedFolder { get; init; }

    /// <summary>The disk of its guest; null for none. Where a system is on it, the scripts run in that.</summary>
    public DiskImage? Disk { get; init; }

    /// <summary>The boards it is for; empty for all.</summary>
    public IReadOnlyList<string> Boards { get; init; } = [];

    /// <summary>What the board must be able to do.</summary>
    public IReadOnlyList<BoardAbility> Needs { get; init; } = [];

    /// <summary>What the board must be able to do, by what is said of it and by what the other settings come to.</summary>
    internal IEnumerable<BoardAbility> Needed =>
    [
        .. Needs, .. Cpus > 1 ? new[] { BoardAbility.Smp } : [], .. KernelArguments.Count > 0 ? new[] { BoardAbility.KernelArguments } : [],
        .. QemuArguments.Count > 0 ? new[] { BoardAbility.QemuArguments } : [], .. Iommu == GuestIommu.None ? [] : new[] { BoardAbility.Iommu },
        .. Disk is null ? [] : new[] { BoardAbility.DiskImage }, .. Time == GuestTime.Host ? [] : new[] { BoardAbility.VirtualTime },
    ];

    /// <summary>Virtual CPUs.</summary>
    public int Cpus { get; init; } = 1;

    /// <summary>Guest memory, in MiB.</summary>
    public int MemoryMebibytes { get; init; } = 256;

    /// <summary>The machine's IOMMU.</summary>
    public GuestIommu Iommu { get; init; }

    /// <summary>Whose time guest and devices live in.</summary>
    public GuestTime Time { get; init; }

    /// <summary>More kernel arguments.</summary>
    public IReadOnlyList<string> KernelArguments { get; init; } = [];

    /// <summary>More arguments for QEMU.</summary>
    public IReadOnlyList<string> QemuArguments { get; init; } = [];

    /// <summary>Host time each of its executables may take.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Why it is expected to fail; null when it is expected to pass.</summary>
    public string? ExpectedFailure { get; init; }

    /// <summary>The titles of findings that must be made, and fail nothing then.</summary>
    public IReadOnlyList<Regex> ExpectedFindings { get; init; } = [];

    /// <summary>How often its modules are loaded and unloaded before the test, to see what stays behind; 0 for never.</summary>
    public int LeakCheck { get; init; }

    /// <summary>What the kernel log must hold when it has run; a finding that fits one of these is no failure.</summary>
    public IReadOnlyList<Regex> ExpectedLog { get; init; } = [];

    /// <summary>What the kernel may complain of.</summary>
    public IReadOnlyList<AllowedLog> AllowedLog { get; init; } = [];

    /// <summary>Checks of the bus that say nothing here.</summary>
    public IReadOnlyList<AllowedCheck> AllowedChecks { get; init; } = [];

    /// <summary>Warnings of the bus, those that only a model gives among them, fail the test.</summary>
    public bool StrictBus { get; init; }

    /// <summary>Shell commands for the guest, with the modules loaded; where one succeeds, the test is skipped.</summary>
    public IReadOnlyList<string> SkipIf { get; init; } = [];

    /// <summary>Why it cannot be run here at all; null when it can.</summary>
    public string? CannotRun { get; init; }

    /// <summary>Words to choose it by.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>The same with more parameters for the last of its modules.</summary>
    public TestSettings WithParameters(string parameters) => Modules.Count == 0 ? this
        : this with { Modules = [.. Modules.SkipLast(1), Modules[^1] with { Parameters = $"{Modules[^1].Parameters} {parameters}".Trim() }] };
}
