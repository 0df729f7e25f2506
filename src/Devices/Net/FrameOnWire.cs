namespace Understudy.Devices;

/// <summary>Told of a frame on the wire, as it passes, under the bus's lock.</summary>
/// <param name="direction">Which way it travels.</param>
/// <param name="nanoseconds">Device time.</param>
/// <param name="frame">The frame without FCS; valid during the call.</param>
public delegate void FrameOnWire(WireDirection direction, long nanoseconds, ReadOnlySpan<byte> frame);
