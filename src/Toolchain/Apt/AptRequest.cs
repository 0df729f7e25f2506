namespace Understudy.Toolchain;

/// <summary>Packages to install on an empty system, from which suites before others, and what is taken for installed there.</summary>
sealed record AptRequest(IReadOnlyList<string> Packages)
{
    public required IReadOnlyList<string> Suites { get; init; }
    public IReadOnlyList<string> Pretended { get; init; } = [];
}
