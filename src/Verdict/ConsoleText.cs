using System.Text;
using System.Text.RegularExpressions;

namespace Understudy.Verdict;

/// <summary>What a serial console mixes into its text.</summary>
static partial class ConsoleText
{
    /// <summary>How much of one line is read.</summary>
    public const int LongestLine = 8 * 1024;

    /// <summary>Latin-1 characters, one per byte, back to text: UTF-8 decoded, control characters removed.</summary>
    public static string Clean(ReadOnlySpan<char> latin1)
    {
        var bytes = new byte[latin1.Length];
        Encoding.Latin1.GetBytes(latin1, bytes);
        return Visible(Encoding.UTF8.GetString(bytes));
    }

    /// <summary>Text without terminal control and other control characters.</summary>
    public static string Visible(string text) => Control().Replace(text, "");

    /// <summary>Whether a line begins as the kernel begins one: <c>[   12.345678]</c>.</summary>
    public static bool StartsWithTime(ReadOnlySpan<char> line)
    {
        if (line.Length < 10 || line[0] != '[') return false;
        var rest = line[1..].TrimStart(' ');
        var dot = rest.IndexOfAnyExceptInRange('0', '9');
        return dot > 0 && rest.Length > dot + 7 && rest[dot] == '.' && rest[dot + 7] == ']'
            && !rest.Slice(dot + 1, 6).ContainsAnyExceptInRange('0', '9');
    }

    [GeneratedRegex(@"\x1b\[[0-9;?]*[ -/]*[@-~]|[\x00-\x08\x0a-\x1f\x7f]")]
    private static partial Regex Control();
}
