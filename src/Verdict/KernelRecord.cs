namespace Understudy.Verdict;

/// <summary>One record of the kernel log as the agent read it from <c>/dev/kmsg</c> (Documentation/ABI/testing/dev-kmsg).</summary>
/// <param name="Sequence">The kernel's own number; a jump means that records were overwritten before they were read.</param>
/// <param name="GuestMicroseconds">Guest monotonic time.</param>
/// <param name="Level">Syslog level, 0 (emergency) to 7 (debug).</param>
/// <param name="Seconds">Host seconds since the run's start at which it arrived.</param>
/// <param name="Text">The message without prefix.</param>
public sealed record KernelRecord(long Sequence, long GuestMicroseconds, int Level, double Seconds, string Text);
