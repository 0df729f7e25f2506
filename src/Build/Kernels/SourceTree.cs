namespace Understudy.Build;

/// <summary>The sources of a kernel, ready to be built from.</summary>
/// <param name="Directory">Where they are.</param>
/// <param name="Id">What tells them from others: a package and its version, a commit, a hash of contents.</param>
/// <param name="Facts">What TuxMake's metadata say of a git repository; empty for other sources.</param>
sealed record SourceTree(string Directory, string Id, IReadOnlyDictionary<string, string> Facts);
