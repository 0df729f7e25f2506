namespace Understudy.Verdict;

/// <summary>One device transaction, decoded.</summary>
/// <param name="Seconds">Host seconds since the run's start; null when the model's clock runs on its own.</param>
/// <param name="DeviceNanoseconds">The device's own time.</param>
/// <param name="Device">The device's name in this run, such as <c>nic</c>.</param>
/// <param name="Kind">What happened.</param>
/// <param name="Text">Register and fields, or what else there is to say, decoded.</param>
/// <param name="Value">The value read or written, where there is one.</param>
/// <param name="Finding">Something is wrong here: a check complained or a fault struck.</param>
public sealed record TraceRecord(
    double? Seconds, long DeviceNanoseconds, string Device, TraceKind Kind, string Text, ulong? Value = null, bool Finding = false);
