using Understudy.Build;
using Understudy.Runner.Suites;
using Understudy.Toolchain;

namespace Understudy.Runner.Dkms;

/// <summary>What package to try, on what, and where to write it down.</summary>
/// <param name="Directory">The directory with <c>dkms.conf</c>, as the user names it.</param>
/// <param name="Package">What it holds.</param>
/// <param name="Output">The directory for the packages and for a run directory each kernel; empty, or not there yet.</param>
public sealed record DkmsRequest(string Directory, DkmsPackage Package, string Output)
{
    /// <summary>The kernels, as a command line names them.</summary>
    public required IReadOnlyList<string> Kernels { get; init; }

    /// <summary>The user space of the guests.</summary>
    public UserSpace Distribution { get; init; } = DebianDistribution.Default;

    /// <summary>Cards that the driver must bind to.</summary>
    public IReadOnlyList<PlannedDevice> Devices { get; init; } = [];

    /// <summary>The ways to install it that are tried.</summary>
    public IReadOnlyList<DkmsWay> Ways { get; init; } = [DkmsWay.Tarball, DkmsWay.Deb];

    /// <summary>Guests at once.</summary>
    public int Jobs { get; init; } = 1;

    /// <summary>Virtual CPUs of a guest.</summary>
    public int Cpus { get; init; } = 2;

    /// <summary>Memory of a guest, in MiB.</summary>
    public int MemoryMebibytes { get; init; } = 1024;

    /// <summary>Seed of everything random in the devices.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>What one kernel's run is done again with.</summary>
    internal string CommandFor(string kernel) =>
        $"understudy dkms {Directory} --kernel {kernel} --distribution {TestCell.Quoted(Distribution.Name)}" +
        (Devices.Count > 0 ? $" --devices {string.Join(',', Devices.Select(device => device.Entry.Name))}" : "") +
        (Ways.Count == 1 ? $" --way {Ways[0].ToString().ToLowerInvariant()}" : "") + (Seed == 1 ? "" : $" --seed {Seed}");
}
