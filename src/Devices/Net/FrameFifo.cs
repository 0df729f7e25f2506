using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Understudy.Devices;

/// <summary>Frames in a row in one fixed buffer, each with a few words about it. Allocates nothing after construction.</summary>
sealed class FrameFifo<TTag> where TTag : unmanaged
{
    readonly byte[] _bytes;
    readonly int _headerSize = Unsafe.SizeOf<Header>();
    int _head, _tail, _wrap, _last;

    public FrameFifo(int bytes) => (_bytes, _wrap) = (new byte[bytes], bytes);

    public int Count { get; private set; }

    /// <summary>Reserves room for a frame and gives it to the caller to fill; empty when there is none.</summary>
    public Span<byte> Add(int length, TTag tag = default)
    {
        var need = (_headerSize + length + 7) & ~7;
        if (!MakeRoom(need)) return default;
        At(_tail) = new Header { Length = length, Tag = tag };
        var frame = _bytes.AsSpan(_tail + _headerSize, length);
        _last = _tail;
        _tail += need;
        Count++;
        return frame;
    }

    /// <summary>The words about the newest frame, which exists.</summary>
    public TTag LastTag
    {
        get => At(_last).Tag;
        set => At(_last).Tag = value;
    }

    /// <summary>The oldest frame, which stays until <see cref="Remove"/>.</summary>
    public Span<byte> Peek(out TTag tag)
    {
        tag = At(_head).Tag;
        return _bytes.AsSpan(_head + _headerSize, At(_head).Length);
    }

    public void Remove()
    {
        _head += (_headerSize + At(_head).Length + 7) & ~7;
        if (--Count == 0) Clear();
        else if (_head == _wrap) (_head, _wrap) = (0, _bytes.Length);
    }

    public void Clear() => (_head, _tail, _wrap, Count) = (0, 0, _bytes.Length, 0);

    ref Header At(int offset) => ref MemoryMarshal.AsRef<Header>(_bytes.AsSpan(offset));

    bool MakeRoom(int need)
    {
        if (Count == 0 || _tail > _head)
        {
            if (_bytes.Length - _tail >= need) return true;
            if (Count == 0 || _head < need) return false;
            (_wrap, _tail) = (_tail, 0);
            return true;
        }
        return _head - _tail >= need;
    }

    struct Header
    {
        public int Length;
        public TTag Tag;
    }
}
