using System.Buffers.Binary;

namespace Understudy.Guest.Protocol;

/// <summary>
/// Cuts a stream into frames. Until <see cref="Strict"/> is set it looks for the first frame in whatever an earlier
/// client left on the channel; from then on a byte out of place is an error.
/// </summary>
sealed class FrameReader(Stream stream)
{
    const int JunkMax = 4 << 20;

    readonly byte[] _buffer = new byte[Frame.HeaderSize + Frame.PayloadMax];
    int _start, _end, _junk;

    public bool Strict { get; set; }

    /// <summary>The next frame, or null when the stream ended.</summary>
    /// <exception cref="InvalidDataException">The stream does not carry our protocol.</exception>
    public async ValueTask<Frame?> ReadAsync(CancellationToken cancellation)
    {
        while (true)
        {
            if (TryTake(out var frame)) return frame;
            if (_start > 0) Compact();
            var count = await stream.ReadAsync(_buffer.AsMemory(_end), cancellation);
            if (count > 0) _end += count;
            else if (Strict && _end > _start) throw new InvalidDataException($"the stream ended {_end - _start} bytes into a frame");
            else return null;
        }
    }

    bool TryTake(out Frame frame)
    {
        frame = default;
        while (_end - _start >= Frame.HeaderSize)
        {
            var header = _buffer.AsSpan(_start, Frame.HeaderSize);
            var length = BinaryPrimitives.ReadUInt32LittleEndian(header[12..]);
            if (Fault(header, length) is { } fault)
            {
                if (Strict || ++_junk > JunkMax) throw new InvalidDataException(fault);
                _start++;
                continue;
            }
            if (_end - _start < Frame.HeaderSize + (int)length) return false;

            frame = new((FrameType)BinaryPrimitives.ReadUInt16LittleEndian(header[4..]), BinaryPrimitives.ReadUInt32LittleEndian(header[8..]),
                _buffer.AsMemory(_start + Frame.HeaderSize, (int)length));
            _start += Frame.HeaderSize + (int)length;
            return true;
        }
        return false;
    }

    static string? Fault(ReadOnlySpan<byte> header, uint length)
    {
        var magic = BinaryPrimitives.ReadUInt32LittleEndian(header);
        if (magic != Frame.Magic) return $"0x{magic:x8} where a frame should begin with 0x{Frame.Magic:x8}";
        return length > Frame.PayloadMax ? $"a frame announces {length} bytes, the limit is {Frame.PayloadMax}" : null;
    }

    void Compact()
    {
        _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
        _end -= _start;
        _start = 0;
    }
}
