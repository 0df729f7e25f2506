namespace Understudy.Toolchain;

/// <summary>What the last reading of the package lists brought.</summary>
/// <param name="Mirror">The mirror it was from: another one makes the lists stale.</param>
/// <param name="Read">When (UTC).</param>
/// <param name="Indexes">The verified index file of each suite that is at hand.</param>
/// <param name="Warnings">What was left out, and why.</param>
sealed record AptStamp(string Mirror, DateTime Read, IReadOnlyDictionary<string, string> Indexes, IReadOnlyList<string> Warnings);
