namespace Understudy.Toolchain;

/// <summary>A part of Debian's archive that is read, and why.</summary>
/// <param name="Name">Its directory under <c>dists/</c>, and the codename that pins go by.</param>
/// <param name="Priority">The apt pin of its packages when a dependency may come from several suites.</param>
/// <param name="IsSecurity">It is in the security archive, which has a mirror of its own.</param>
/// <param name="IsRequired">Nothing works without it; any other suite is left out with a warning when it cannot be had or verified.</param>
sealed record DebianSuite(string Name, int Priority, bool IsRequired = false, bool IsSecurity = false);

static class DebianSuites
{
    /// <summary>The suite QEMU is taken from, over <see cref="Base"/>.</summary>
    public const string Backports = "trixie-backports";

    /// <summary>The suite whose libraries everything fetched runs with.</summary>
    public const string Base = "trixie";

    /// <summary>Kernels come from all of them; libraries and programs only from the first three.</summary>
    public static readonly IReadOnlyList<DebianSuite> All =
    [
        new(Base, 500, IsRequired: true),
        new(Backports, 100, IsRequired: true),
        new("trixie-security", 500, IsSecurity: true),
        new("bookworm", 10),
        new("bookworm-security", 10, IsSecurity: true),
        new("sid", 5),
        new("experimental", 1),
    ];
}
