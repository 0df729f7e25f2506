using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Understudy.Guest.Protocol;

/// <summary>Builds one frame; its id is filled in when it is sent.</summary>
sealed class FrameWriter
{
    readonly ArrayBufferWriter<byte> _buffer = new(256);

    public FrameWriter(FrameType type)
    {
        U32(Frame.Magic);
        U32((uint)type);
        U32(0).U32(0);
        Type = type;
    }

    public FrameType Type { get; }

    public FrameWriter U32(uint value)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(_buffer.GetSpan(4), value);
        _buffer.Advance(4);
        return this;
    }

    public FrameWriter U64(ulong value)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(_buffer.GetSpan(8), value);
        _buffer.Advance(8);
        return this;
    }

    public FrameWriter Text(string value)
    {
        if (value.Contains('\0')) throw new ArgumentException($"'{value.Replace("\0", "\\0", StringComparison.Ordinal)}': a guest's strings cannot hold NUL");
        var length = Encoding.UTF8.GetByteCount(value);
        U32((uint)length);
        _buffer.Advance(Encoding.UTF8.GetBytes(value, _buffer.GetSpan(length)));
        return Bytes([0]);
    }

    public FrameWriter Texts(IReadOnlyCollection<string> values)
    {
        U32((uint)values.Count);
        foreach (var value in values) Text(value);
        return this;
    }

    public FrameWriter Bytes(ReadOnlySpan<byte> bytes)
    {
        _buffer.Write(bytes);
        return this;
    }

    /// <summary>The finished frame, under the given id.</summary>
    public ReadOnlyMemory<byte> Seal(uint id)
    {
        var payload = _buffer.WrittenCount - Frame.HeaderSize;
        if (payload > Frame.PayloadMax)
            throw new ArgumentException($"the {Type} request takes {payload} bytes, the guest's limit is {Frame.PayloadMax}; push large data as a file");
        var frame = System.Runtime.InteropServices.MemoryMarshal.AsMemory(_buffer.WrittenMemory);
        BinaryPrimitives.WriteUInt32LittleEndian(frame.Span[8..], id);
        BinaryPrimitives.WriteUInt32LittleEndian(frame.Span[12..], (uint)payload);
        return frame;
    }
}
