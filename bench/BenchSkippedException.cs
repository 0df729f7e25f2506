namespace Understudy.Bench;

/// <summary>A bench cannot run on this machine.</summary>
/// <param name="reason">What is missing and how to mend it.</param>
sealed class BenchSkippedException(string reason) : Exception(reason);
