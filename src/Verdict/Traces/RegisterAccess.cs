using System.Globalization;
using System.Text.RegularExpressions;

namespace Understudy.Verdict.Traces;

/// <summary>One register in the text of a trace line.</summary>
/// <param name="Name">Its name with that of its block: <c>MAC.IntrStatus</c>.</param>
/// <param name="Low">Lowest bit that the access met; 0 for a whole register.</param>
/// <param name="High">Highest bit, or -1 for a whole register.</param>
/// <param name="Value">What was read or written there.</param>
public readonly partial record struct RegisterAccess(string Name, int Low, int High, ulong Value)
{
    /// <summary>Every register that a line names, in the order it does; none for a line that names no register.</summary>
    public static IEnumerable<RegisterAccess> In(TraceRecord line)
    {
        ArgumentNullException.ThrowIfNull(line);
        if (line.Kind is not (TraceKind.Read or TraceKind.Write or TraceKind.Config)) yield break;
        foreach (Match match in Piece().Matches(line.Text))
        {
            var bits = match.Groups["high"].Success;
            if (!ulong.TryParse(match.Groups["value"].ValueSpan, NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var value)) continue;
            yield return new RegisterAccess(match.Groups["name"].Value, bits ? Number(match.Groups["low"]) : 0, bits ? Number(match.Groups["high"]) : -1, value);
        }
    }

    static int Number(Group group) => int.Parse(group.ValueSpan, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"(?<name>[A-Za-z_]\w*(?:\.\w+(?:\[\d+\])?)+)(?:\[(?<high>\d{1,2}):(?<low>\d{1,2})\])? = 0x(?<value>[0-9a-f]{1,16})\b", RegexOptions.NonBacktracking)]
    private static partial Regex Piece();
}
