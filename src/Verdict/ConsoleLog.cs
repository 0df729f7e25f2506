using System.Buffers.Text;

namespace Understudy.Verdict;

/// <summary>Writes <c>console.log</c> byte for byte, and beside it when each line began.</summary>
sealed class ConsoleLog(string log, string times) : IDisposable
{
    const int LongestEntry = 64;

    readonly Lock _lock = new();
    readonly AppendFile _log = new(log);
    readonly AppendFile _times = new(times);
    bool _atLineStart = true;

    public void Append(ReadOnlySpan<byte> bytes, double seconds)
    {
        if (bytes.IsEmpty) return;
        lock (_lock)
        {
            var offset = _log.Length;
            _log.Append(bytes);
            AppendTimes(bytes, offset, seconds);
            _atLineStart = bytes[^1] == (byte)'\n';
        }
    }

    void AppendTimes(ReadOnlySpan<byte> bytes, long offset, double seconds)
    {
        Span<byte> entries = stackalloc byte[1024];
        var used = 0;
        for (var at = _atLineStart ? 0 : NextLine(bytes, 0); at < bytes.Length; at = NextLine(bytes, at))
        {
            used += WriteEntry(entries[used..], offset + at, seconds);
            if (entries.Length - used >= LongestEntry) continue;
            _times.Append(entries[..used]);
            used = 0;
        }
        if (used > 0) _times.Append(entries[..used]);
    }

    static int NextLine(ReadOnlySpan<byte> bytes, int from)
    {
        var newline = bytes[from..].IndexOf((byte)'\n');
        return newline < 0 ? bytes.Length : from + newline + 1;
    }

    static int WriteEntry(Span<byte> to, long offset, double seconds)
    {
        Utf8Formatter.TryFormat(offset, to, out var digits);
        to[digits] = (byte)' ';
        Utf8Formatter.TryFormat(seconds, to[(digits + 1)..], out var fraction, new('F', 6));
        to[digits + 1 + fraction] = (byte)'\n';
        return digits + fraction + 2;
    }

    public void Dispose()
    {
        _log.Dispose();
        _times.Dispose();
    }
}
