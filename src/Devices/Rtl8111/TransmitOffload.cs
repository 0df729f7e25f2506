using System.Buffers.Binary;

namespace Understudy.Devices;

/// <summary>What the chip does to a frame on its way out: checksums, large sends cut into segments, VLAN tag, padding. The descriptor layout
/// is that of the 8168C and later (rtl8169_tso_csum_v2 in r8169_main.c).</summary>
sealed class TransmitOffload(Rtl8111 nic)
{
    /// <summary>Room before the frame, so that a VLAN tag moves only the addresses.</summary>
    public const int Headroom = 4;

    const int ShortestFrame = 60, SmallestSegment = 48;
    readonly byte[] _segment = new byte[Headroom + 0x4000];

    /// <summary>Sends the frame at <see cref="Headroom"/> in <paramref name="buffer"/>.</summary>
    /// <returns>False when it could not be sent.</returns>
    public bool Send(byte[] buffer, int length, in Descriptor command)
    {
        if (length < IpPacket.EthernetHeader) return Refuse("tx-frame-too-short", "a frame shorter than its Ethernet header was to be sent");
        if (command.Is(Descriptor.TxLargeSendV4 | Descriptor.TxLargeSendV6)) return SendLarge(buffer.AsSpan(Headroom, length), command);
        if ((command.Options2 & (Descriptor.TxIpv4Checksum | Descriptor.TxIpv6Checksum | Descriptor.TxTcpChecksum | Descriptor.TxUdpChecksum)) != 0
            && !SetChecksums(buffer.AsSpan(Headroom, length), command.Options2)) return false;
        return Emit(buffer, length, command.Options2);
    }

    bool Emit(byte[] buffer, int length, uint options2)
    {
        var start = Headroom;
        if ((options2 & Descriptor.TxVlanTag) != 0)
        {
            buffer.AsSpan(Headroom, 12).CopyTo(buffer);
            BinaryPrimitives.WriteUInt16BigEndian(buffer.AsSpan(12), 0x8100);
            BinaryPrimitives.WriteUInt16LittleEndian(buffer.AsSpan(14), (ushort)options2);
            (start, length) = (0, length + 4);
        }
        if (length < ShortestFrame)
        {
            buffer.AsSpan(start + length, ShortestFrame - length).Clear();
            length = ShortestFrame;
        }
        return nic.Transmit(buffer.AsSpan(start, length));
    }

    bool SetChecksums(Span<byte> frame, uint options2)
    {
        if (!IpPacket.TryFind(frame, out var packet) || packet.IsVersion4 != ((options2 & Descriptor.TxIpv4Checksum) != 0))
            return Refuse("tx-checksum-not-ip", "a checksum was asked for on a frame that is not the IP packet its descriptor says");
        var offset = (int)(options2 >> 18 & 0x3FF);
        if ((options2 & (Descriptor.TxTcpChecksum | Descriptor.TxUdpChecksum)) != 0 && offset != packet.PayloadAt)
            return Refuse("tx-checksum-offset", $"a descriptor puts the TCP or UDP header at {offset}, the frame has it at {packet.PayloadAt}");
        return SetChecksums(packet, (options2 & Descriptor.TxTcpChecksum) != 0, (options2 & Descriptor.TxUdpChecksum) != 0);
    }

    bool SetChecksums(in IpPacket packet, bool tcp, bool udp)
    {
        if (packet.IsVersion4) InternetChecksum.SetIPv4(packet.Header);
        if (!tcp && !udp) return true;
        if (packet.Payload.Length < (tcp ? 20 : 8)) return Refuse("tx-checksum-short", "a checksum was asked for on a segment shorter than its header");
        InternetChecksum.SetSegment(packet.Addresses, tcp ? IpPacket.Tcp : IpPacket.Udp, packet.Payload);
        return true;
    }

    bool SendLarge(Span<byte> frame, in Descriptor command)
    {
        var mss = (int)(command.Options2 >> 18 & 0x7FF);
        var tcpAt = (int)(command.Options1 >> 18 & 0x7F);
        if (mss < SmallestSegment) return Refuse("tso-mss-too-small", $"a large send with segments of {mss} bytes");
        if (tcpAt < 34 || tcpAt + 20 > frame.Length) return Refuse("tso-header-outside", $"a large send with its TCP header at {tcpAt} of {frame.Length} bytes");
        var headers = tcpAt + (frame[tcpAt + 12] >> 4) * 4;
        if (headers < tcpAt + 20 || headers > frame.Length) return Refuse("tso-header-outside", $"a large send with {headers} bytes of headers in {frame.Length}");
        var payload = frame[headers..];
        var index = 0;
        for (var at = 0; at < payload.Length || index == 0; at += mss, index++)
        {
            var size = Math.Min(mss, payload.Length - at);
            frame[..headers].CopyTo(_segment.AsSpan(Headroom));
            payload.Slice(at, size).CopyTo(_segment.AsSpan(Headroom + headers));
            if (!PatchSegment(_segment.AsSpan(Headroom, headers + size), tcpAt, index, at, last: at + size == payload.Length)) return false;
            if (!Emit(_segment, headers + size, command.Options2 & (Descriptor.TxVlanTag | 0xFFFF))) return false;
        }
        return true;
    }

    bool PatchSegment(Span<byte> segment, int tcpAt, int index, int at, bool last)
    {
        var ipAt = BinaryPrimitives.ReadUInt16BigEndian(segment[12..]) == 0x8100 ? 18 : 14;
        var ip = segment[ipAt..];
        if (ip[0] >> 4 == 4)
        {
            BinaryPrimitives.WriteUInt16BigEndian(ip[2..], (ushort)ip.Length);
            BinaryPrimitives.WriteUInt16BigEndian(ip[4..], (ushort)(BinaryPrimitives.ReadUInt16BigEndian(ip[4..]) + index));
        }
        else
        {
            BinaryPrimitives.WriteUInt16BigEndian(ip[4..], (ushort)(ip.Length - 40));
        }
        var tcp = segment[tcpAt..];
        BinaryPrimitives.WriteUInt32BigEndian(tcp[4..], BinaryPrimitives.ReadUInt32BigEndian(tcp[4..]) + (uint)at);
        if (!last) tcp[13] &= 0xF6;             // FIN and PSH belong to the last segment
        if (index > 0) tcp[13] &= 0x7F;         // CWR to the first
        return IpPacket.TryFind(segment, out var packet) && packet.Payload.Length == tcp.Length
            ? SetChecksums(packet, tcp: true, udp: false)
            : Refuse("tso-not-ip", "a large send of something that is not TCP in IP");
    }

    bool Refuse(string check, string text)
    {
        nic.Find(check, text);
        nic.TransmitFailed();
        return false;
    }
}
