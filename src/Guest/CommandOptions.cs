namespace Understudy.Guest;

/// <summary>How a command runs in the guest.</summary>
public sealed record CommandOptions
{
    /// <summary>The directory it starts in; null is /.</summary>
    public string? Directory { get; init; }

    /// <summary>Variables set over the agent's own environment (PATH, HOME, TERM).</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>What it reads from standard input, which then ends; null gives it /dev/null.</summary>
    public ReadOnlyMemory<byte>? Input { get; init; }

    /// <summary>A terminal of this many rows and columns for a command that wants one; null gives it pipes.</summary>
    public (ushort Rows, ushort Columns)? Terminal { get; init; }

    /// <summary>How many bytes of each output are kept for the result, half from its beginning and half from its end.</summary>
    public int OutputLimit { get; init; } = 1 << 20;
}
