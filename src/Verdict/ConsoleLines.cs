using System.Globalization;
using System.Text;

namespace Understudy.Verdict;

/// <summary>Reads <c>console.log</c> line by line beside its times.</summary>
static class ConsoleLines
{
    // A guest may write for ever without a line end.
    const int LongestLine = 16 * 1024;

    public static IEnumerable<ConsoleLine> Read(string log, string times)
    {
        if (!File.Exists(log)) yield break;
        using var bytes = new BufferedStream(new FileStream(log, FileMode.Open, FileAccess.Read, FileShare.ReadWrite), 64 * 1024);
        using var starts = Times(times).GetEnumerator();
        var more = starts.MoveNext();
        var line = new List<byte>();
        for (long offset = 0, next; ReadLine(bytes, line, out next); offset = next)
        {
            while (more && starts.Current.Offset < offset) more = starts.MoveNext();
            double? seconds = more && starts.Current.Offset == offset ? starts.Current.Seconds : null;
            yield return new ConsoleLine(offset, seconds, Encoding.UTF8.GetString([.. line]).TrimEnd('\r'));
        }
    }

    static bool ReadLine(BufferedStream bytes, List<byte> line, out long next)
    {
        line.Clear();
        int b;
        while ((b = bytes.ReadByte()) >= 0 && b != '\n')
            if (line.Count < LongestLine) line.Add((byte)b);
        next = bytes.Position;
        return b >= 0 || line.Count > 0;
    }

    static IEnumerable<(long Offset, double Seconds)> Times(string times)
    {
        if (!File.Exists(times)) yield break;
        using var reader = new StreamReader(new FileStream(times, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        while (reader.ReadLine() is { } entry)
        {
            // A torn last entry might still look like a number: only one with all its six decimals counts.
            var parts = entry.Split(' ');
            if (parts.Length == 2 && parts[1].Length - parts[1].IndexOf('.') == 7
                && long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var offset)
                && double.TryParse(parts[1], NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds))
                yield return (offset, seconds);
        }
    }
}
