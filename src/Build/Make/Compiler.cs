namespace Understudy.Build;

/// <summary>A compiler at hand.</summary>
/// <param name="Command">What make calls it: <c>gcc-14</c>.</param>
/// <param name="Version">What it says of itself, one line.</param>
/// <param name="Path">Directories to put in front of PATH so that it, and what it calls, are found.</param>
sealed record Compiler(string Command, string Version, IReadOnlyList<string> Path);
