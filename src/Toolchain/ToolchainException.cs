namespace Understudy.Toolchain;

/// <summary>
/// The lab is broken: something a run needs cannot be found, fetched, checked or made.
/// The message names what, where, and what to do about it, and is meant to be shown as it is.
/// </summary>
public sealed class ToolchainException : Exception
{
    /// <summary>A problem described by a complete message.</summary>
    public ToolchainException(ToolchainProblem problem, string message, Exception? inner = null) : base(message, inner) => Problem = problem;

    /// <summary>Which kind of problem this is, for callers that react rather than print.</summary>
    public ToolchainProblem Problem { get; }

    const int NoSpaceLeft = 28;
    const int QuotaExceeded = 122;

    internal static bool IsDiskFull(IOException failure) => failure.HResult is NoSpaceLeft or QuotaExceeded;

    internal static bool IsDiskFull(string output) =>
        output.Contains("No space left on device", StringComparison.Ordinal) ||
        output.Contains("enough free space", StringComparison.Ordinal) ||
        output.Contains("Disk quota exceeded", StringComparison.Ordinal);

    internal static ToolchainException NoSpace(string root, string doing, long needed, long free) => new(
        ToolchainProblem.DiskFull,
        $"Too little disk space: {doing} needs {needed >> 20} MiB under {root}, and {free >> 20} MiB are free. " +
        "Free some, or point XDG_CACHE_HOME at a larger disk.");

    internal static ToolchainException DiskFull(string root, string doing, Exception? inner = null) => new(
        ToolchainProblem.DiskFull,
        $"The disk is full: {doing} needs space under {root}. Free some, or point XDG_CACHE_HOME at a larger disk. " +
        "Nothing half-made was left behind.",
        inner);
}
