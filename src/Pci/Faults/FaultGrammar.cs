using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Understudy.Pci;

/// <summary>The one place that knows how rules are written: text to rule and back.</summary>
static partial class FaultGrammar
{
    const string Conditions = "conditions are nth=N, every=N, p=0..1, from=TIME, to=TIME, after=\"TEXT\", len=BYTES, once and armed";

    static readonly (string Unit, long Nanoseconds)[] s_units = [("s", 1_000_000_000), ("ms", 1_000_000), ("us", 1_000), ("ns", 1)];

    public static FaultRule Rule(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (text.Count(letter => letter == '"') % 2 != 0) throw Wrong(text, "has a quote that does not end");
        var words = Words().Matches(text).Select(match => match.Value).ToList();
        var arrow = words.IndexOf("->");
        if (arrow < 0 || words.LastIndexOf("->") != arrow) throw Wrong(text, "needs exactly one '->' between what it matches and its effect");
        if (arrow < 2) throw Wrong(text, "starts with an operation and a target, as in 'irq 0' or 'mmio-read MAC.IntrStatus'");
        var rule = new FaultRule(words[0], words[1], Effect(text, words[(arrow + 1)..]));
        foreach (var word in words[2..arrow]) rule = With(rule, text, word);
        Check(rule, text);
        return rule;
    }

    public static FaultEffect Effect(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return Effect(text, [.. Words().Matches(text).Select(match => match.Value)]);
    }

    /// <summary>Refuses what could never do anything.</summary>
    public static void Check(FaultRule rule, string? text = null)
    {
        text ??= rule.ToString();
        var ops = OpSet.Named(rule.Operation) ?? throw Wrong(text, $"does not know the operation '{rule.Operation}'{Nearest.To(rule.Operation, OpSet.Words)}; it is one of {string.Join(", ", OpSet.Words)}");
        var (effect, when) = (rule.Effect, rule.When);
        if (!effect.Form.Operations.Meets(ops))
            throw Wrong(text, $"can do nothing: '{effect.Form.Name}' is for {string.Join(", ", OpSet.Words.Take((int)BusOp.Reset + 1).Where((_, op) => effect.Form.Strikes((BusOp)op)))}");
        if (when is { Nth: > 0, Every: > 0 } && when.Nth % when.Every != 0) throw Wrong(text, $"can never strike: match {when.Nth} is none of every {when.Every}");
        if (when.To > 0 && when.From >= when.To) throw Wrong(text, $"can never strike: it ends at {Time(when.To)}, and begins at {Time(when.From)}");
        if (rule.Length > 0 && !OpSet.Data.Meets(ops)) throw Wrong(text, $"can never match: {rule.Operation} moves no bytes");
    }

    public static string Text(FaultRule rule)
    {
        var when = rule.When;
        var text = new StringBuilder($"{rule.Operation} {rule.Target}");
        if (rule.Length > 0) text.Append(CultureInfo.InvariantCulture, $" len={rule.Length}");
        if (when.Nth > 0) text.Append(CultureInfo.InvariantCulture, $" nth={when.Nth}");
        if (when.Every > 0) text.Append(CultureInfo.InvariantCulture, $" every={when.Every}");
        if (when.From > 0) text.Append(CultureInfo.InvariantCulture, $" from={Time(when.From)}");
        if (when.To > 0) text.Append(CultureInfo.InvariantCulture, $" to={Time(when.To)}");
        if (when.After.Length > 0) text.Append(CultureInfo.InvariantCulture, $" after=\"{when.After}\"");
        if (when.Probability < 1) text.Append(CultureInfo.InvariantCulture, $" p={when.Probability}");
        if (when.Once) text.Append(" once");
        if (when.Armed) text.Append(" armed");
        return text.Append(" -> ").Append(Text(rule.Effect)).ToString();
    }

    public static string Text(FaultEffect effect) => effect.Form switch
    {
        { Argument: FaultArgument.None } form => form.Name,
        { Argument: FaultArgument.Words } form => $"{form.Name} {effect.Words}",
        { Default: { } left } form when left == effect.Value => form.Name,
        { Argument: FaultArgument.Time } form => $"{form.Name} {Time((long)effect.Value)}",
        { Kind: FaultKind.Value or FaultKind.Flip or FaultKind.Becomes } form => $"{form.Name} 0x{effect.Value:x}",
        var form => string.Create(CultureInfo.InvariantCulture, $"{form.Name} {effect.Value}"),
    };

    public static ulong? Number(ReadOnlySpan<char> text)
    {
        var hex = text.StartsWith("0x", StringComparison.OrdinalIgnoreCase);
        return ulong.TryParse(hex ? text[2..] : text, hex ? NumberStyles.HexNumber : NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
    }

    static FaultEffect Effect(string text, List<string> words)
    {
        var form = words.Count == 0 ? null : FaultCatalog.All.FirstOrDefault(form => form.Name == words[0]);
        if (form is null)
        {
            var word = words.Count == 0 ? "" : words[0];
            throw Wrong(text, $"does not know the effect '{word}'{Nearest.To(word, FaultCatalog.All.Select(known => known.Name))}; it is one of {string.Join(", ", FaultCatalog.All.Select(known => known.Name))}");
        }
        if (form.Argument == FaultArgument.Words)
            return words.Count > 1 ? new FaultEffect(form.Kind, 0, string.Join(' ', words[1..])) : throw Wrong(text, $"gives no order: write {form.Usage}");
        if (words.Count == 1 && (form.Argument == FaultArgument.None || form.Default is not null)) return new FaultEffect(form.Kind, form.Default ?? 0);
        if (words.Count != 2 || form.Argument == FaultArgument.None) throw Wrong(text, $"ends in what '{form.Name}' does not take: write {form.Usage}");
        var value = form.Argument == FaultArgument.Time ? (ulong?)Time(words[1]) : Number(words[1]);
        if (form.Argument == FaultArgument.Bit && value > 1) value = null;
        return new FaultEffect(form.Kind, value ?? throw Wrong(text, $"needs {Meant(form.Argument)} after '{form.Name}', which '{words[1]}' is not"));
    }

    static string Meant(FaultArgument argument) => argument switch
    {
        FaultArgument.Time => "a time such as 10us",
        FaultArgument.Bit => "0 or 1",
        _ => "a number such as 0xffff",
    };

    static FaultRule With(FaultRule rule, string text, string word)
    {
        var cut = word.IndexOf('=', StringComparison.Ordinal);
        var (key, value) = cut < 0 ? (word, "") : (word[..cut], word[(cut + 1)..]);
        var count = int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var n) && n > 0;
        var when = rule.When;
        return key switch
        {
            "nth" when count => rule with { When = when with { Nth = n } },
            "every" when count => rule with { When = when with { Every = n } },
            "p" when double.TryParse(value, CultureInfo.InvariantCulture, out var p) && p is > 0 and <= 1 => rule with { When = when with { Probability = p } },
            "from" when Time(value) is { } from => rule with { When = when with { From = from } },
            "to" when Time(value) is { } to and > 0 => rule with { When = when with { To = to } },
            "after" when value.Trim('"') is { Length: > 0 } after => rule with { When = when with { After = after } },
            "len" when count => rule with { Length = n },
            "once" when cut < 0 => rule with { When = when with { Once = true } },
            "armed" when cut < 0 => rule with { When = when with { Armed = true } },
            _ => throw Wrong(text, $"does not understand '{word}'; {Conditions}"),
        };
    }

    static long? Time(string text)
    {
        foreach (var (unit, nanoseconds) in s_units.OrderByDescending(known => known.Unit.Length))
            if (text.EndsWith(unit, StringComparison.Ordinal))
                return decimal.TryParse(text.AsSpan(0, text.Length - unit.Length), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
                    && number <= long.MaxValue / 2 / nanoseconds ? (long)(number * nanoseconds) : null;
        return null;
    }

    static string Time(long nanoseconds)
    {
        var (unit, size) = s_units.First(known => nanoseconds % known.Nanoseconds == 0);
        return string.Create(CultureInfo.InvariantCulture, $"{nanoseconds / size}{unit}");
    }

    static FormatException Wrong(string text, string why) => new($"The fault rule '{text}' {why}.");

    // Words, in which quotes hold blanks together: after="cable off".
    [GeneratedRegex("""(?:[^\s"]|"[^"]*")+""")]
    private static partial Regex Words();
}
