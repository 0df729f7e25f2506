using System.Buffers.Binary;

namespace Understudy.Devices;

/// <summary>The Internet checksum (RFC 1071) and where it stands in frames.</summary>
static class InternetChecksum
{
    /// <summary>Folded one's-complement sum, not yet inverted.</summary>
    public static ushort Sum(ReadOnlySpan<byte> bytes, ulong start = 0)
    {
        var sum = start;
        for (; bytes.Length >= 4; bytes = bytes[4..]) sum += BinaryPrimitives.ReadUInt32BigEndian(bytes);
        if (bytes.Length >= 2)
        {
            sum += BinaryPrimitives.ReadUInt16BigEndian(bytes);
            bytes = bytes[2..];
        }
        if (bytes.Length == 1) sum += (uint)bytes[0] << 8;
        while (sum >> 16 != 0) sum = (sum & 0xFFFF) + (sum >> 16);
        return (ushort)sum;
    }

    /// <summary>Puts the header checksum of an IPv4 header in place.</summary>
    public static void SetIPv4(Span<byte> header)
    {
        BinaryPrimitives.WriteUInt16BigEndian(header[10..], 0);
        BinaryPrimitives.WriteUInt16BigEndian(header[10..], (ushort)~Sum(header));
    }

    /// <summary>Sum of the pseudo header and a TCP or UDP segment: 0xffff where the segment's checksum is right.</summary>
    public static ushort Segment(ReadOnlySpan<byte> addresses, byte protocol, ReadOnlySpan<byte> segment)
        => Sum(segment, Sum(addresses) + (ulong)protocol + (uint)segment.Length);

    /// <summary>Puts the checksum of a TCP or UDP segment in place.</summary>
    public static void SetSegment(ReadOnlySpan<byte> addresses, byte protocol, Span<byte> segment)
    {
        var field = segment[(protocol == IpPacket.Udp ? 6 : 16)..];
        BinaryPrimitives.WriteUInt16BigEndian(field, 0);
        var checksum = (ushort)~Segment(addresses, protocol, segment);
        BinaryPrimitives.WriteUInt16BigEndian(field, checksum == 0 && protocol == IpPacket.Udp ? (ushort)0xFFFF : checksum);
    }
}
