namespace Understudy.Pci;

/// <summary>One line of a trace, undecoded.</summary>
/// <param name="HostTicks">Host time, in <see cref="System.Diagnostics.Stopwatch"/> ticks.</param>
/// <param name="DeviceTime">Device time, in nanoseconds.</param>
/// <param name="Address">Offset, bus address, vector, or the index of a note's text.</param>
/// <param name="Value">The first eight bytes it moved.</param>
/// <param name="Length">Bytes it moved.</param>
/// <param name="Kind">Transaction or note.</param>
/// <param name="Op">What crossed the bus.</param>
/// <param name="Bar">BAR of an MMIO access.</param>
/// <param name="Status">How it ended.</param>
public readonly record struct TraceEntry(
    long HostTicks, long DeviceTime, ulong Address, ulong Value, int Length, TraceKind Kind, BusOp Op, byte Bar, BusStatus Status);
