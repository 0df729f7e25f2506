using System.Diagnostics;
using System.Text;

namespace Understudy.Boards;

/// <summary>A guest's serial console: every byte, with the host's time of its arrival, to whoever listens. Keeps the last of it.</summary>
public sealed class SerialConsole
{
    const int TailBytes = 256 * 1024;

    readonly Lock _lock = new();
    readonly byte[] _tail = new byte[TailBytes];
    long _count;

    /// <summary>Called for every chunk as it comes, on the reading thread, with the <see cref="Stopwatch"/> timestamp of its arrival. Set it
    /// before the machine is switched on. A listener that throws is not called again: the guest goes on, and <see cref="ListenerFault"/> tells.</summary>
    public Action<ReadOnlyMemory<byte>, long>? Received { get; set; }

    /// <summary>What the listener threw; null while all is well.</summary>
    public Exception? ListenerFault { get; private set; }

    /// <summary>Bytes so far.</summary>
    public long Count
    {
        get { lock (_lock) return _count; }
    }

    /// <summary>The last of what was printed, up to 256 KiB.</summary>
    public string Tail => TailFrom(0);

    /// <summary>The last lines that say something, for a message.</summary>
    public string LastLines(int lines) => string.Join('\n', Lines().TakeLast(lines));

    /// <summary>The lines that say something, from the first that contains a text on.</summary>
    public string LinesFrom(string text, int lines)
        => string.Join('\n', Lines().SkipWhile(line => !line.Contains(text, StringComparison.Ordinal)).Take(lines));

    IEnumerable<string> Lines() => Tail.Split('\n').Select(line => line.TrimEnd('\r', ' ')).Where(line => line.Length > 0);

    /// <summary>The last of what came after the first <paramref name="count"/> bytes.</summary>
    internal string TailFrom(long count)
    {
        lock (_lock)
        {
            var length = (int)Math.Min(_count - count, TailBytes);
            var text = new byte[length];
            for (var i = 0; i < length; i++) text[i] = _tail[(_count - length + i) % TailBytes];
            return Encoding.Latin1.GetString(text);
        }
    }

    internal async Task ReadAsync(Stream stream)
    {
        var buffer = new byte[16 * 1024];
        int length;
        while ((length = await stream.ReadAsync(buffer).ConfigureAwait(false)) > 0)
        {
            var ticks = Stopwatch.GetTimestamp();
            Keep(buffer.AsSpan(0, length));
            if (ListenerFault is null) Tell(buffer.AsMemory(0, length), ticks);
        }
    }

    // A console nobody reads any more would stop the guest at its next words.
    void Tell(ReadOnlyMemory<byte> bytes, long ticks)
    {
        try
        {
            Received?.Invoke(bytes, ticks);
        }
        catch (Exception fault)
        {
            ListenerFault = fault;
        }
    }

    void Keep(ReadOnlySpan<byte> bytes)
    {
        lock (_lock)
        {
            foreach (var value in bytes) _tail[_count++ % TailBytes] = value;
        }
    }
}
