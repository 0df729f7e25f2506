using System.Buffers.Binary;

namespace Understudy.Devices;

/// <summary>The IP packet in an Ethernet frame, found the way a network card's checksum unit finds it.</summary>
readonly ref struct IpPacket
{
    public const byte Icmp = 1, Tcp = 6, Udp = 17;
    public const int EthernetHeader = 14;

    public Span<byte> Header { get; private init; }
    public Span<byte> Payload { get; private init; }
    public Span<byte> Addresses { get; private init; }
    public bool IsVersion4 { get; private init; }
    public bool IsFragment { get; private init; }
    public byte Protocol { get; private init; }

    /// <summary>Where the payload starts in the frame.</summary>
    public int PayloadAt { get; private init; }

    /// <summary>Finds it; false for anything that is not whole IPv4, or IPv6 without extension headers.</summary>
    public static bool TryFind(Span<byte> frame, out IpPacket packet)
    {
        packet = default;
        var offset = EthernetHeader;
        if (frame.Length < offset) return false;
        var type = BinaryPrimitives.ReadUInt16BigEndian(frame[12..]);
        if (type == 0x8100 && frame.Length >= offset + 4)
        {
            type = BinaryPrimitives.ReadUInt16BigEndian(frame[16..]);
            offset += 4;
        }
        var ip = frame[offset..];
        return type switch { 0x0800 => TryVersion4(ip, offset, out packet), 0x86DD => TryVersion6(ip, offset, out packet), _ => false };
    }

    static bool TryVersion4(Span<byte> ip, int at, out IpPacket packet)
    {
        packet = default;
        if (ip.Length < 20 || ip[0] >> 4 != 4) return false;
        var header = (ip[0] & 15) * 4;
        var total = BinaryPrimitives.ReadUInt16BigEndian(ip[2..]);
        if (header < 20 || total < header || total > ip.Length) return false;
        packet = new IpPacket
        {
            Header = ip[..header], Payload = ip[header..total], Addresses = ip.Slice(12, 8), PayloadAt = at + header, IsVersion4 = true, Protocol = ip[9],
            IsFragment = (BinaryPrimitives.ReadUInt16BigEndian(ip[6..]) & 0x3FFF) != 0,
        };
        return true;
    }

    static bool TryVersion6(Span<byte> ip, int at, out IpPacket packet)
    {
        packet = default;
        if (ip.Length < 40 || ip[0] >> 4 != 6) return false;
        var length = BinaryPrimitives.ReadUInt16BigEndian(ip[4..]);
        if (length > ip.Length - 40) return false;
        packet = new IpPacket { Header = ip[..40], Payload = ip.Slice(40, length), Addresses = ip.Slice(8, 32), PayloadAt = at + 40, Protocol = ip[6] };
        return true;
    }
}
