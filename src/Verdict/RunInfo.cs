namespace Understudy.Verdict;

/// <summary>What ran, on what, and how to run it again: the content of <c>run.json</c>.</summary>
public sealed record RunInfo
{
    /// <summary>The version of the run directory's format that this code writes.</summary>
    public const int CurrentSchema = 1;

    /// <summary>Version of the run directory's format.</summary>
    public int Schema { get; init; } = CurrentSchema;

    /// <summary>Names the run among all others.</summary>
    public required string Id { get; init; }

    /// <summary>What the run is about, for people.</summary>
    public required string Title { get; init; }

    /// <summary>The command line that does it again.</summary>
    public required string Command { get; init; }

    /// <summary>The test this run is of, as <c>suite/test</c>: the row of a matrix. Null for a run that is of no test.</summary>
    public string? Test { get; init; }

    /// <summary>On what it ran, in the words of the matrix (<c>debian:6.12</c>, <c>debian:6.12 cpus=2</c>): the column. Null for the
    /// kernel's name.</summary>
    public string? Cell { get; init; }

    /// <summary>Which of several runs of the same test on the same cell, from 1; 0 when it ran once.</summary>
    public int Repeat { get; init; }

    /// <summary>Where all of the run's randomness comes from.</summary>
    public ulong Seed { get; init; }

    /// <summary>Wall clock at second 0; filled in by <see cref="RunDirectory.Create"/>.</summary>
    public DateTimeOffset StartedUtc { get; init; }

    /// <summary>The machine it ran on.</summary>
    public HostFacts? Host { get; init; }

    /// <summary>The kernel under test, once chosen.</summary>
    public KernelFacts? Kernel { get; init; }

    /// <summary>The QEMU in use, once found.</summary>
    public QemuFacts? Qemu { get; init; }

    /// <summary>The board, such as <c>qemu-q35</c>.</summary>
    public string? Board { get; init; }

    /// <summary>How guest instructions are executed, and why so.</summary>
    public AcceleratorFacts? Accelerator { get; init; }

    /// <summary>Whose time guest and devices lived in, where it was not the host's: <c>virtual</c>.</summary>
    public string? Time { get; init; }

    /// <summary>The modelled devices.</summary>
    public IReadOnlyList<DeviceFacts> Devices { get; init; } = [];
}

/// <summary>The machine a run was made on.</summary>
/// <param name="OperatingSystem">Distribution and version.</param>
/// <param name="Kernel">Release of the host's own kernel.</param>
/// <param name="Processor">Model name of the CPU.</param>
/// <param name="Cores">Processors we may use.</param>
/// <param name="MemoryBytes">Memory we may use.</param>
/// <param name="Runtime">.NET runtime.</param>
public sealed record HostFacts(string OperatingSystem, string Kernel, string Processor, int Cores, long MemoryBytes, string Runtime);

/// <summary>The kernel under test.</summary>
/// <param name="Name">Its name in the catalog, such as <c>debian:6.12</c>, or a path.</param>
/// <param name="Release">What <c>uname -r</c> says.</param>
/// <param name="PackageVersion">Version of the package it came from; null for a kernel of the user's own.</param>
/// <param name="Sha256">Hash of the image, lower-case hex.</param>
public sealed record KernelFacts(string Name, string Release, string? PackageVersion, string? Sha256);

/// <summary>The QEMU in use.</summary>
/// <param name="Version">As it reports itself.</param>
/// <param name="Origin">Where it came from: the system, or the package it was unpacked from.</param>
public sealed record QemuFacts(string Version, string Origin);

/// <summary>How guest instructions are executed.</summary>
/// <param name="Name"><c>kvm</c> or <c>tcg</c>.</param>
/// <param name="Reason">Why this one.</param>
public sealed record AcceleratorFacts(string Name, string Reason);

/// <summary>One modelled device.</summary>
/// <param name="Name">Its name in this run, as in the trace.</param>
/// <param name="Model">The model, such as <c>rtl8111</c>.</param>
/// <param name="Address">Where the guest sees it, once known, such as <c>0000:01:00.0</c>.</param>
public sealed record DeviceFacts(string Name, string Model, string? Address = null);
