using System.Buffers;
using System.Text;

namespace Understudy.Guest;

/// <summary>Keeps the head and the tail of an output that may be longer than anyone wants to keep.</summary>
sealed class CapturedOutput(int limit)
{
    readonly int _headLimit = limit - limit / 2;
    readonly ArrayBufferWriter<byte> _head = new();
    byte[] _tail = [];
    long _beyondHead;

    public void Append(ReadOnlySpan<byte> bytes)
    {
        var toHead = Math.Min(bytes.Length, _headLimit - _head.WrittenCount);
        _head.Write(bytes[..toHead]);
        AppendTail(bytes[toHead..]);
    }

    public override string ToString()
    {
        var kept = (int)Math.Min(_beyondHead, _tail.Length);
        var tail = new byte[kept];
        for (var i = 0; i < kept; i++) tail[i] = _tail[(int)((_beyondHead - kept + i) % _tail.Length)];
        var head = _head.WrittenSpan;
        var leftOut = _beyondHead - kept;
        return leftOut == 0
            ? Encoding.UTF8.GetString([.. head, .. tail])
            : $"{Encoding.UTF8.GetString(head)}\n[... {leftOut} bytes left out ...]\n{Encoding.UTF8.GetString(tail)}";
    }

    void AppendTail(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty) return;
        if (_tail.Length == 0) _tail = new byte[limit / 2];
        if (_tail.Length > 0)
        {
            var last = bytes[Math.Max(0, bytes.Length - _tail.Length)..];
            var at = (int)((_beyondHead + bytes.Length - last.Length) % _tail.Length);
            var first = Math.Min(last.Length, _tail.Length - at);
            last[..first].CopyTo(_tail.AsSpan(at));
            last[first..].CopyTo(_tail);
        }
        _beyondHead += bytes.Length;
    }
}
