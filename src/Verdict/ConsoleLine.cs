namespace Understudy.Verdict;

/// <summary>One line of the serial console.</summary>
/// <param name="Offset">Where it begins in <c>console.log</c>.</param>
/// <param name="Seconds">Host seconds since the run's start at which its first byte came; null when that is not known.</param>
/// <param name="Text">The line without its end; bytes that are not UTF-8 are replaced.</param>
public sealed record ConsoleLine(long Offset, double? Seconds, string Text);
