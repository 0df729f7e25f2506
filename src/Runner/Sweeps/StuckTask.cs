using System.Text.RegularExpressions;

namespace Understudy.Runner.Sweeps;

/// <summary>Finds the task that is in a module's hands in what a kernel says of its tasks.</summary>
static partial class StuckTask
{
    const string Begin = "task:";

    /// <summary>The function of the module where it is, and that task's lines before all others; a null and the lines as they are when no task is
    /// in a module.</summary>
    public static (string? Function, IReadOnlyList<string> Lines) In(IReadOnlyList<string> lines)
    {
        for (var at = 0; at < lines.Count; at++)
            if (Frame().Match(lines[at]) is { Success: true } frame) return (frame.Groups["function"].Value, OfTask(lines, at));
        return (null, lines);
    }

    static IReadOnlyList<string> OfTask(IReadOnlyList<string> lines, int at)
    {
        var (first, last) = (at, at);
        while (first > 0 && !lines[first].Contains(Begin, StringComparison.Ordinal)) first--;
        while (last < lines.Count && (last == first || !lines[last].Contains(Begin, StringComparison.Ordinal))) last++;
        return [.. lines.Skip(first).Take(last - first), .. lines.Take(first), .. lines.Skip(last)];
    }

    // A question mark is before what only lies on the stack.
    [GeneratedRegex(@"^[^?]*?(?<![\w.])(?<function>[A-Za-z_]\w*)(\.[\w.]+)?\+0x[0-9a-f]+/0x[0-9a-f]+ \[\w+\]", RegexOptions.ExplicitCapture)]
    private static partial Regex Frame();
}
