using System.Buffers.Binary;
using System.Text;

namespace Understudy.Guest.Protocol;

/// <summary>Reads a payload's fields in order.</summary>
ref struct PayloadReader(FrameType type, ReadOnlySpan<byte> payload)
{
    ReadOnlySpan<byte> _rest = payload;

    public uint U32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(4));

    public ulong U64() => BinaryPrimitives.ReadUInt64LittleEndian(Take(8));

    public string Text()
    {
        var length = U32();
        if (length > Frame.PayloadMax) throw Short();
        var text = Encoding.UTF8.GetString(Take((int)length));
        Take(1);
        return text;
    }

    public string[] Texts()
    {
        var count = U32();
        if (count > _rest.Length / 5) throw Short();
        var texts = new string[count];
        for (var i = 0; i < texts.Length; i++) texts[i] = Text();
        return texts;
    }

    public ReadOnlySpan<byte> Rest() => Take(_rest.Length);

    ReadOnlySpan<byte> Take(int length)
    {
        if (length > _rest.Length) throw Short();
        var taken = _rest[..length];
        _rest = _rest[length..];
        return taken;
    }

    readonly InvalidDataException Short() => new($"the payload of a {type} frame is shorter than it says");
}
