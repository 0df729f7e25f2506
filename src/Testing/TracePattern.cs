using Understudy.Pci;

namespace Understudy.Testing;

/// <summary>Which lines of a trace are meant.</summary>
sealed class TracePattern(Predicate<TraceEntry> fits)
{
    /// <summary>Reads the words before the arrow of a fault rule.</summary>
    /// <exception cref="FormatException">They are none.</exception>
    public static FaultRule Rule(string pattern)
    {
        var rule = FaultRule.Parse($"{pattern} -> drop");
        return rule.When == FaultWhen.Always ? rule : throw new FormatException($"'{pattern}' says when, and a pattern says only what: an operation and a target");
    }

    public bool Fits(TraceLine line) => fits(line.Entry);
}
