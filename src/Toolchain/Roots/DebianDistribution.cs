namespace Understudy.Toolchain;

/// <summary>A release of Debian that a user space can be made of.</summary>
/// <param name="Name">What users call it: <c>debian:13</c>, <c>sid</c>.</param>
/// <param name="Suites">The suites its packages come from, the base first.</param>
public sealed record DebianDistribution(string Name, IReadOnlyList<string> Suites) : UserSpace(Name)
{
    /// <summary>The releases there are.</summary>
    public static IReadOnlyList<DebianDistribution> All { get; } =
    [
        new("debian:12", ["bookworm", "bookworm-security"]),
        new("debian:13", ["trixie", "trixie-security"]),
        new("sid", ["sid"]),
    ];

    /// <summary>The one that is taken where none is asked for: it can hold the headers of every kernel of the catalog.</summary>
    public static DebianDistribution Default => All[1];

    /// <summary>The release of this name; its codename will do.</summary>
    /// <exception cref="ToolchainException">There is none (<see cref="ToolchainProblem.UnknownName"/>).</exception>
    public static DebianDistribution Named(string name) => All.FirstOrDefault(one => one.Name == name || one.Suites[0] == name)
        ?? throw new ToolchainException(ToolchainProblem.UnknownName,
            $"There is no distribution '{name}'. Did you mean '{Nearest.To(name, All.Select(one => one.Name).Concat(All.Select(one => one.Suites[0])))[0]}'? There is {Choice}.");
}
