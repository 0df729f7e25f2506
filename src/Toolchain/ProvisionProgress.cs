namespace Understudy.Toolchain;

/// <summary>One report of progress while something is found, fetched, unpacked or made.</summary>
/// <param name="Step">What is being provided, the same words for all reports of one step: "package lists", "QEMU", "kernel debian:6.12".</param>
/// <param name="Detail">What is happening to it now, for people.</param>
/// <param name="BytesDone">Bytes downloaded so far in this step; 0 while nothing is downloaded.</param>
/// <param name="BytesTotal">Bytes this step downloads in all, or null when that is not known or nothing is downloaded.</param>
/// <param name="IsWarning">The detail is a warning the user should see: a package suite was left out, a list could not be refreshed.</param>
public sealed record ProvisionProgress(string Step, string Detail, long BytesDone = 0, long? BytesTotal = null, bool IsWarning = false);
