using System.Globalization;
using System.Text.RegularExpressions;

namespace Understudy.Runner.Symbols;

/// <summary>A place in a call trace that the kernel is sure of.</summary>
/// <param name="Function">The function, as the compiler named it.</param>
/// <param name="Offset">How far into it.</param>
/// <param name="Size">Its size.</param>
/// <param name="Module">The module it is in; null for the kernel itself.</param>
/// <param name="IsPointer">It is where the CPU was; otherwise it is where a call returns to.</param>
sealed partial record StackFrame(string Function, ulong Offset, ulong Size, string? Module, bool IsPointer)
{
    /// <summary>The frames in the lines of a report, each once, in their order.</summary>
    public static IReadOnlyList<StackFrame> In(IReadOnlyList<string> lines) => [.. lines.Select(Parse).OfType<StackFrame>().DistinctBy(frame => frame.ToString())];

    /// <summary>As the kernel writes it.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Function}+0x{Offset:x}/0x{Size:x}{(Module is null ? "" : $" [{Module}]")}");

    static StackFrame? Parse(string line)
    {
        var match = Frame().Match(line);
        if (!match.Success || match.Groups["guess"].Success) return null;
        var module = match.Groups["module"];
        return new(match.Groups["function"].Value, Hex("offset"), Hex("size"), module.Success ? module.Value.Replace('-', '_') : null, match.Groups["pointer"].Success);

        ulong Hex(string name) => ulong.Parse(match.Groups[name].ValueSpan, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
    }

    [GeneratedRegex(@"(^|\s|\])(\[<[0-9a-f]+>\] )?((?<pointer>RIP: [0-9a-f]{4}:|pc : )|(?<guess>\? ))?(?<function>[A-Za-z_][\w.]*)\+0x(?<offset>[0-9a-f]{1,16})/0x(?<size>[0-9a-f]{1,16})( \[(?<module>[\w-]+)[^\]]*\])?\s*$", RegexOptions.ExplicitCapture)]
    private static partial Regex Frame();
}
