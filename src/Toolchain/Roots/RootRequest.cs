namespace Understudy.Toolchain;

/// <summary>What is to be on a <see cref="DebianRoot"/>.</summary>
/// <param name="Distribution">What it is made of.</param>
/// <param name="Packages">Packages that are wanted, beside what every root has (a shell, coreutils, dpkg, util-linux); apt's solver adds what they
/// depend on. What the distribution has not is taken from another release, where it goes with the rest: the headers of a newer kernel.</param>
public sealed record RootRequest(DebianDistribution Distribution, IReadOnlyList<string> Packages)
{
    /// <summary>What is taken for installed and is not on it, as <c>name</c> or <c>name (= version)</c>: the kernel's own package, where
    /// a machine brings its kernel.</summary>
    public IReadOnlyList<string> Pretended { get; init; } = [];
}
