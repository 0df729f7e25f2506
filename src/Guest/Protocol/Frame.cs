namespace Understudy.Guest.Protocol;

/// <summary>One received frame. The payload lies in the reader's buffer and is good until the next read.</summary>
readonly record struct Frame(FrameType Type, uint Id, ReadOnlyMemory<byte> Payload)
{
    public const uint Magic = 0x3144_5355; // "USD1"
    public const int HeaderSize = 16;
    public const int PayloadMax = 256 << 10;
    public const int Chunk = 64 << 10;
    public const uint Version = 1;

    /// <summary>Ids with this bit are the guest's own: commands it gives the host.</summary>
    public const uint GuestId = 1u << 31;
}
