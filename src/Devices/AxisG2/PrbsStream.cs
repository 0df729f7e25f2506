using System.Buffers.Binary;

namespace Understudy.Devices;

/// <summary>A source and a checker of pseudo-random frames on every lane: sends frames to memory when told to, and judges those that come
/// from memory. The data are those of SLAC's PrbsData, which its applications and firmware speak.</summary>
public sealed class PrbsStream : IStreamEndpoint
{
    /// <summary>Bytes of the longest frame it sends.</summary>
    public const int LongestFrame = 1 << 20;

    readonly byte[] _frame = new byte[LongestFrame];
    IStreamPort? _port;
    Checker[] _checkers = [];
    int _size, _sent, _lane;
    byte _dest, _group;
    bool _filled;

    /// <summary>Frames without end, each of as many bytes as this says when it begins; null to send what <see cref="Start"/> asks for.</summary>
    public Func<int>? Endless { get; init; }

    /// <summary>Frames it still has to send, of those asked for.</summary>
    public long Waiting { get; private set; }

    /// <summary>The next frame's sequence number.</summary>
    public uint Sequence { get; private set; }

    /// <summary>Frames from memory whose every word was right.</summary>
    public long Good => _checkers.Sum(checker => checker.Good);

    /// <summary>Frames from memory that were not.</summary>
    public long Bad => _checkers.Sum(checker => checker.Bad);

    /// <summary>Sends frames to memory.</summary>
    /// <param name="frames">How many.</param>
    /// <param name="size">Bytes of each: a multiple of four, 12 to 1 MiB.</param>
    /// <param name="lane">The DMA channel.</param>
    /// <param name="dest">TDEST.</param>
    /// <param name="group">The buffer group, 0 to 7, as TID; the source pauses while it is full.</param>
    public void Start(long frames, int size, int lane = 0, byte dest = 0, byte group = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(frames);
        if (size is < Prbs.SmallestFrame or > LongestFrame || size % 4 != 0) throw new ArgumentOutOfRangeException(nameof(size), $"a PRBS frame has 12 to {LongestFrame} bytes, a multiple of four, not {size}");
        ArgumentOutOfRangeException.ThrowIfGreaterThan(group, (byte)7);
        if (_port is null || (uint)lane >= (uint)_port.Lanes) throw new ArgumentOutOfRangeException(nameof(lane), $"there is no lane {lane}");
        if (_sent > 0) throw new InvalidOperationException("a frame is half sent; wait for it");
        (Waiting, _size, _lane, _dest, _group, _filled) = (frames, size, lane, dest, group, false);
        _port.Wake(lane);
    }

    /// <inheritdoc/>
    public void Attach(IStreamPort port)
    {
        ArgumentNullException.ThrowIfNull(port);
        _port = port;
        _checkers = [.. Enumerable.Range(0, port.Lanes).Select(_ => new Checker())];
        Reset();
    }

    /// <inheritdoc/>
    public bool IsReady(int lane) => true;

    /// <inheritdoc/>
    public void Send(in StreamChunk chunk) => _checkers[chunk.Lane].Take(chunk.Data, chunk.Last);

    /// <inheritdoc/>
    public void Resume(int lane)
    {
        if (lane != _lane || _port is null || (Waiting == 0 && Endless is null)) return;
        if (_sent == 0 && _port.IsPaused(_group)) return;
        if (_sent == 0 && Endless?.Invoke() is { } size && size != _size) (_size, _filled) = (size, false);
        if (!_filled) Prbs.Fill(_frame.AsSpan(0, _size), Sequence);
        _filled = true;
        var chunk = new StreamChunk { Lane = lane, Dest = _dest, Id = _group, FirstUser = 2, First = _sent == 0, Last = true, Data = _frame.AsSpan(_sent, _size - _sent) };
        var done = _port.Receive(chunk, out var taken);
        _sent += taken;
        if (!done) return;
        (_sent, _filled) = (0, false);
        Sequence++;
        if (Waiting > 0) Waiting--;
        if (Waiting > 0 || Endless is not null) _port.Wake(lane);
    }

    /// <inheritdoc/>
    public void Reset()
    {
        (Waiting, _sent, _filled) = (0, 0, false);
        foreach (var checker in _checkers) checker.Abandon();
    }

    // Words arrive in pieces of any length; the last ones of a piece may be cut.
    sealed class Checker
    {
        uint _word, _sequence;
        long _at;
        uint _announced;
        bool _wrong;

        public long Good { get; private set; }

        public long Bad { get; private set; }

        public void Take(ReadOnlySpan<byte> data, bool last)
        {
            if (data.Length % 4 != 0) _wrong = true;
            for (; data.Length >= 4; data = data[4..]) Word(BinaryPrimitives.ReadUInt32LittleEndian(data));
            if (last) Judge();
        }

        public void Abandon() => (_at, _wrong) = (0, false);

        void Word(uint word)
        {
            if (_at == 0) _sequence = _word = word;
            else if (_at == 1) _announced = word;
            else if (word != (_word = Prbs.Next(_word))) _wrong = true;
            _at++;
        }

        void Judge()
        {
            if (_wrong || _at < 3 || _announced != _at - 1) Bad++;
            else Good++;
            Abandon();
        }
    }
}
