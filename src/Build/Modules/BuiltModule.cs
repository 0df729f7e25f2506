namespace Understudy.Build;

/// <summary>A module that was built.</summary>
/// <param name="Path">Its <c>.ko</c>, in the cache.</param>
/// <param name="Facts">What it says of itself.</param>
public sealed record BuiltModule(string Path, ModuleFacts Facts);
