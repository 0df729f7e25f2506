using System.Buffers.Binary;

namespace Understudy.Devices.Tests;

/// <summary>Frames as a host would build them.</summary>
static class Frames
{
    public static readonly byte[] Card = [0x02, 0x00, 0x5E, 0x00, 0x53, 0x01];
    public static readonly byte[] PeerMac = [0x02, 0x00, 0x5E, 0x00, 0x53, 0xFE];
    static readonly byte[] s_guestIp = [192, 0, 2, 2];
    static readonly byte[] s_peerIp = [192, 0, 2, 1];

    public static byte[] Ethernet(byte[] to, byte[] from, int type, params byte[] payload) => [.. to, .. from, (byte)(type >> 8), (byte)type, .. payload];

    /// <summary>A frame of <paramref name="length"/> bytes to the card, whose bytes say which frame it is.</summary>
    public static byte[] ToCard(int length, int seed = 0)
        => Ethernet(Card, PeerMac, 0x88B5, [.. Enumerable.Range(0, length - 14).Select(i => (byte)(i + seed))]);

    public static byte[] FromCard(int length, int seed = 0)
        => Ethernet(PeerMac, Card, 0x88B5, [.. Enumerable.Range(0, length - 14).Select(i => (byte)(i + seed))]);

    public static byte[] ArpRequest(params byte[] wanted)
        => Ethernet([255, 255, 255, 255, 255, 255], Card, 0x0806, [0, 1, 8, 0, 6, 4, 0, 1, .. Card, .. s_guestIp, 0, 0, 0, 0, 0, 0, .. wanted]);

    public static byte[] Echo(int size, int sequence)
    {
        byte[] icmp = [8, 0, 0, 0, 0x12, 0x34, (byte)(sequence >> 8), (byte)sequence, .. Enumerable.Range(0, size).Select(i => (byte)i)];
        BinaryPrimitives.WriteUInt16BigEndian(icmp.AsSpan(2), Checksum(icmp));
        return Ethernet(PeerMac, Card, 0x0800, IPv4(1, icmp));
    }

    public static byte[] IPv4(byte protocol, byte[] payload, bool headerChecksum = true)
    {
        var total = 20 + payload.Length;
        byte[] header = [0x45, 0, (byte)(total >> 8), (byte)total, 0x11, 0x22, 0x40, 0, 64, protocol, 0, 0, .. s_guestIp, .. s_peerIp];
        if (headerChecksum) BinaryPrimitives.WriteUInt16BigEndian(header.AsSpan(10), Checksum(header));
        return [.. header, .. payload];
    }

    public static byte[] IPv6(byte next, byte[] payload)
        => [0x60, 0, 0, 0, (byte)(payload.Length >> 8), (byte)payload.Length, next, 64, .. Enumerable.Range(1, 16).Select(i => (byte)i), .. Enumerable.Range(33, 16).Select(i => (byte)i), .. payload];

    public static byte[] Udp(int size, int checksum = 0)
        => [0x12, 0x34, 0x56, 0x78, (byte)((8 + size) >> 8), (byte)(8 + size), (byte)(checksum >> 8), (byte)checksum, .. Enumerable.Range(0, size).Select(i => (byte)(i * 3))];

    public static byte[] Tcp(int size, byte flags = 0x18)
        => [0x12, 0x34, 0x00, 0x50, 0, 0, 0x10, 0, 0, 0, 0, 1, 0x50, flags, 0x20, 0, 0, 0, 0, 0, .. Enumerable.Range(0, size).Select(i => (byte)(i * 7))];

    /// <summary>RFC 1071, written another way than the model's.</summary>
    public static ushort Checksum(ReadOnlySpan<byte> bytes, uint start = 0)
    {
        var sum = start;
        for (var i = 0; i < bytes.Length; i++)
        {
            sum += (i & 1) == 0 ? (uint)bytes[i] << 8 : bytes[i];
            if (sum > 0xFFFF) sum -= 0xFFFF;
        }
        return (ushort)~sum;
    }

    /// <summary>Zero where the TCP or UDP checksum of an IP packet is right.</summary>
    public static ushort SegmentCheck(ReadOnlySpan<byte> ip)
    {
        var four = ip[0] >> 4 == 4;
        var segment = four ? ip[20..BinaryPrimitives.ReadUInt16BigEndian(ip[2..])] : ip[40..(40 + BinaryPrimitives.ReadUInt16BigEndian(ip[4..]))];
        var protocol = four ? ip[9] : ip[6];
        byte[] pseudo = [.. four ? ip[12..20] : ip[8..40], 0, protocol, (byte)(segment.Length >> 8), (byte)segment.Length, .. segment];
        return Checksum(pseudo);
    }
}
