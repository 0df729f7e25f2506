namespace Understudy.Build;

/// <summary>A module that was built.</summary>
/// <param name="Path">Its <c>.ko</c>, in the cache.</param>
/// <param name="Facts">What it says of itself.</param>
public sealed record BuiltModule(string Path, ModuleFacts Facts)
{
    /// <summary>The same without what only debuggers read, a tenth of the bytes: what a guest is given.</summary>
    public string LeanPath { get; init; } = Path;
}
