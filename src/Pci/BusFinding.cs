namespace Understudy.Pci;

/// <summary>Something about the driver, or about the model, that a report must show.</summary>
/// <param name="Check">The check that found it, a short fixed name such as <c>undocumented-offset</c>.</param>
/// <param name="Text">What was found.</param>
/// <param name="Time">Device time, in nanoseconds.</param>
/// <param name="Detail">The trace's tail or a stack, where that helps; else empty.</param>
public sealed record BusFinding(string Check, string Text, long Time, string Detail = "");
