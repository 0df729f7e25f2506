using System.Globalization;
using Understudy.Pci;

namespace Understudy.Testing;

/// <summary>Which lines of a trace are meant.</summary>
sealed class TracePattern(FaultRule rule)
{
    /// <summary>Reads the words before the arrow of a fault rule.</summary>
    /// <exception cref="FormatException">They are none.</exception>
    public static FaultRule Rule(string pattern)
    {
        var rule = FaultRule.Parse($"{pattern} -> drop");
        return rule.When == FaultWhen.Always ? rule : throw new FormatException($"'{pattern}' says when, and a pattern says only what: an operation and a target");
    }

    public bool Fits(TraceLine line) => line.Entry.Kind == TraceKind.Transaction && rule.Covers(line.Entry.Op) && (rule.Target == "*" || IsTarget(line));

    // A register is named in the line, as one of several where one access meets several; a number is where the access begins.
    bool IsTarget(TraceLine line)
    {
        if (Number(rule.Target) is { } number) return line.Entry.Address == number;
        var words = line.Text.Split(' ', ',');
        return words.Any(word => word.Split('[')[0].Equals(rule.Target, StringComparison.OrdinalIgnoreCase));
    }

    static ulong? Number(string text)
    {
        var hex = text.StartsWith("0x", StringComparison.OrdinalIgnoreCase);
        return ulong.TryParse(hex ? text.AsSpan(2) : text, hex ? NumberStyles.HexNumber : NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
    }
}
