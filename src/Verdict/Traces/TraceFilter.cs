using System.IO.Enumeration;
using System.Text.RegularExpressions;

namespace Understudy.Verdict.Traces;

/// <summary>Which lines of a trace to show. What is not set lets everything through.</summary>
public sealed record TraceFilter
{
    /// <summary>Names of devices.</summary>
    public IReadOnlyList<string> Devices { get; init; } = [];

    /// <summary>Kinds of lines.</summary>
    public IReadOnlyList<TraceKind> Kinds { get; init; } = [];

    /// <summary>Patterns for registers, with * and ?: <c>MAC.Intr*</c>, or <c>Intr*</c> in any block. Lines that name none are left out.</summary>
    public IReadOnlyList<string> Registers { get; init; } = [];

    /// <summary>Seconds of the run.</summary>
    public double From { get; init; } = double.NegativeInfinity;

    /// <summary>Seconds of the run.</summary>
    public double To { get; init; } = double.PositiveInfinity;

    /// <summary>Found in the line's text.</summary>
    public Regex? Pattern { get; init; }

    /// <summary>Whether a line is shown.</summary>
    public bool Shows(TraceRecord line)
    {
        ArgumentNullException.ThrowIfNull(line);
        return (Devices.Count == 0 || Devices.Contains(line.Device))
            && (Kinds.Count == 0 || Kinds.Contains(line.Kind))
            && (line.Seconds is not { } seconds || (seconds >= From && seconds <= To))
            && (Pattern is null || Pattern.IsMatch(line.Text))
            && (Registers.Count == 0 || RegisterAccess.In(line).Any(access => Registers.Any(pattern => Fits(pattern, access.Name))));
    }

    static bool Fits(string pattern, string name) => FileSystemName.MatchesSimpleExpression(pattern, name)
        || FileSystemName.MatchesSimpleExpression(pattern, name.AsSpan(name.IndexOf('.', StringComparison.Ordinal) + 1));
}
