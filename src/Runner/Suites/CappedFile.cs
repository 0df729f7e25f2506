using System.Globalization;
using System.Text;

namespace Understudy.Runner.Suites;

/// <summary>A file that takes any amount of output and keeps its head, at once, and its tail, when it is closed, with a line between
/// them that says how much is missing. It is made with the first byte.</summary>
sealed class CappedFile(Func<Stream> create, int headLimit = CappedFile.Part, int tailLimit = CappedFile.Part) : IDisposable
{
    const int Part = 4 << 20;

    Stream? _file;
    byte[] _tail = [];
    long _head, _beyond;

    public void Write(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty) return;
        _file ??= create();
        var toHead = (int)Math.Min(bytes.Length, headLimit - _head);
        _file.Write(bytes[..toHead]);
        _head += toHead;
        Keep(bytes[toHead..]);
    }

    public void Dispose()
    {
        if (_file is null) return;
        var kept = (int)Math.Min(_beyond, tailLimit);
        if (_beyond > kept) _file.Write(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"\n[... {_beyond - kept} bytes left out ...]\n")));
        var start = _beyond > tailLimit ? (int)(_beyond % tailLimit) : 0;
        var first = Math.Min(kept, tailLimit - start);
        _file.Write(_tail.AsSpan(start, Math.Min(first, kept)));
        _file.Write(_tail.AsSpan(0, kept - first));
        _file.Dispose();
        _file = null;
    }

    void Keep(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty) return;
        if (_tail.Length == 0) _tail = new byte[tailLimit];
        var last = bytes[Math.Max(0, bytes.Length - tailLimit)..];
        var at = (int)((_beyond + bytes.Length - last.Length) % tailLimit);
        var first = Math.Min(last.Length, tailLimit - at);
        last[..first].CopyTo(_tail.AsSpan(at));
        last[first..].CopyTo(_tail);
        _beyond += bytes.Length;
    }
}
