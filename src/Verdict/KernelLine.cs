using System.Text.RegularExpressions;

namespace Understudy.Verdict;

/// <summary>One message of the kernel as it stands on a console.</summary>
/// <param name="Text">With prefix, as seen.</param>
/// <param name="Message">Without prefix.</param>
/// <param name="IsPrefixed">Whether it has a prefix.</param>
/// <param name="Caller"><c>T123</c> or <c>C0</c> when the kernel says who printed (CONFIG_PRINTK_CALLER), else empty.</param>
readonly partial record struct KernelLine(string Text, string Message, string Caller, bool IsPrefixed = false)
{
    /// <summary>Takes a console line apart: a prompt, or a message without line end, may stand before the time.</summary>
    public static IEnumerable<KernelLine> Split(string line)
    {
        var prefix = Prefix().Match(line);
        var start = 0;
        var message = 0;
        var caller = "";
        for (; prefix.Success; prefix = prefix.NextMatch())
        {
            if (prefix.Index > start) yield return Piece(line, start, message, prefix.Index, caller);
            start = prefix.Index;
            message = prefix.Index + prefix.Length;
            caller = prefix.Groups["caller"].Value;
        }
        if (start == 0 && message == 0 && Level().Match(line) is { Success: true } level) message = level.Length;
        yield return Piece(line, start, message, line.Length, caller);
    }

    static KernelLine Piece(string line, int start, int message, int end, string caller) =>
        new(line[start..end], line[message..end].TrimEnd(), caller, message > start);

    // print_time and print_caller in kernel/printk/printk.c; the message follows after one space.
    [GeneratedRegex(@"(<\d{1,3}>)?\[ *\d+\.\d{6}\]( ?\[ *(?<caller>[TC]\d+)\])? ?", RegexOptions.ExplicitCapture)]
    private static partial Regex Prefix();

    [GeneratedRegex(@"^<\d{1,3}>")]
    private static partial Regex Level();
}
