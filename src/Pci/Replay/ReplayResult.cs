namespace Understudy.Pci;

/// <summary>What came of a replay.</summary>
/// <param name="End">How it ended.</param>
/// <param name="Entries">Entries of the recording that were done again, and were equal.</param>
/// <param name="DeviceTime">Device time at its end, in nanoseconds.</param>
/// <param name="Text">What there is to say: both sides of a difference, what cannot be replayed; empty otherwise.</param>
/// <param name="Trace">The last of what crossed the bus, decoded.</param>
public sealed record ReplayResult(ReplayEnd End, long Entries, long DeviceTime, string Text, string Trace);
