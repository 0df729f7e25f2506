using System.Globalization;

namespace Understudy.Pci;

/// <summary>One fault as data: which transactions, which of those, and what happens to them. Its text form is one line,
/// <c>match target when -> effect</c>, for example <c>irq 0 every=10 -> drop</c> or
/// <c>mmio-read MAC.IntrStatus nth=3 -> value 0xffff</c>.</summary>
/// <param name="Op">What crosses the bus.</param>
/// <param name="Target">A register as <c>BLOCK.Register</c>, a number (vector, offset or address), or <c>*</c>.</param>
/// <param name="Effect">What happens.</param>
/// <param name="Nth">Only the n-th match, counted from 1; 0 for no such limit.</param>
/// <param name="Every">Every n-th match; 0 for no such limit.</param>
/// <param name="Probability">Each match with this probability, from the run's seed.</param>
public sealed record FaultRule(BusOp Op, string Target, FaultEffect Effect, int Nth = 0, int Every = 0, double Probability = 1)
{
    // By BusOp.
    static readonly string[] Operations =
    [
        "config-read", "config-write", "mmio-read", "mmio-write", "dma-read", "dma-write", "irq", "intx", "intx-release", "reset",
    ];

    static readonly string[] Effects = [.. Enum.GetNames<FaultKind>().Select(name => name.ToLowerInvariant())];

    /// <summary>Reads a rule's text form.</summary>
    /// <exception cref="FormatException">It is not one; the message says which word, and what would be right.</exception>
    public static FaultRule Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var sides = text.Split("->", StringSplitOptions.TrimEntries);
        if (sides.Length != 2) throw Wrong(text, "needs exactly one '->' between what it matches and its effect");
        var words = sides[0].Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (words.Length < 2) throw Wrong(text, "starts with an operation and a target, as in 'irq 0' or 'mmio-read MAC.IntrStatus'");
        var operation = Array.IndexOf(Operations, words[0]);
        if (operation < 0) throw Wrong(text, $"does not know the operation '{words[0]}'; it is one of {string.Join(", ", Operations)}");
        var rule = new FaultRule((BusOp)operation, words[1], ParseEffect(text, sides[1]));
        rule = words.Skip(2).Aggregate(rule, (current, word) => current.When(text, word));
        rule.Check();
        return rule;
    }

    /// <summary>Refuses what could never do anything.</summary>
    internal void Check()
    {
        if (Effect.Kind is FaultKind.Value or FaultKind.Flip && Op is not (BusOp.ConfigRead or BusOp.MmioRead or BusOp.DmaRead))
            throw Wrong(ToString(), $"changes what a read gives, and {Operations[(int)Op]} is no read");
    }

    /// <summary>The text form that <see cref="Parse"/> reads.</summary>
    public override string ToString()
    {
        var when = (Nth > 0 ? $" nth={Nth}" : "") + (Every > 0 ? $" every={Every}" : "")
            + (Probability < 1 ? string.Create(CultureInfo.InvariantCulture, $" p={Probability}") : "");
        var value = Effect.Kind is FaultKind.Value or FaultKind.Flip ? $" 0x{Effect.Value:x}" : "";
        return $"{Operations[(int)Op]} {Target}{when} -> {Effects[(int)Effect.Kind]}{value}";
    }

    FaultRule When(string text, string word)
    {
        var (key, value) = word.Split('=') is [var k, var v] ? (k, v) : throw Wrong(text, $"does not understand '{word}'; conditions are nth=N, every=N and p=0..1");
        return key switch
        {
            "nth" when int.TryParse(value, CultureInfo.InvariantCulture, out var n) && n > 0 => this with { Nth = n },
            "every" when int.TryParse(value, CultureInfo.InvariantCulture, out var n) && n > 0 => this with { Every = n },
            "p" when double.TryParse(value, CultureInfo.InvariantCulture, out var p) && p is > 0 and <= 1 => this with { Probability = p },
            _ => throw Wrong(text, $"does not understand '{word}'; conditions are nth=N, every=N and p=0..1"),
        };
    }

    static FaultEffect ParseEffect(string text, string effect)
    {
        var words = effect.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        var kind = words.Length > 0 ? Array.IndexOf(Effects, words[0]) : -1;
        if (kind < 0) throw Wrong(text, $"does not know the effect '{effect}'; it is one of {string.Join(", ", Effects)}");
        var needsValue = (FaultKind)kind is FaultKind.Value or FaultKind.Flip;
        if (words.Length != (needsValue ? 2 : 1)) throw Wrong(text, needsValue ? $"'{words[0]}' takes one number" : $"'{words[0]}' takes nothing after it");
        return new FaultEffect((FaultKind)kind, needsValue ? TryNumber(words[1]) ?? throw Wrong(text, $"'{words[1]}' is not a number such as 0xffff") : 0);
    }

    internal static ulong? TryNumber(string text)
    {
        var hex = text.StartsWith("0x", StringComparison.OrdinalIgnoreCase);
        return ulong.TryParse(hex ? text.AsSpan(2) : text, hex ? NumberStyles.HexNumber : NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
    }

    static FormatException Wrong(string text, string why) => new($"The fault rule '{text}' {why}.");
}
