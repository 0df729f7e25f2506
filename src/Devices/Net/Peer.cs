using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Understudy.Pci;

namespace Understudy.Devices;

/// <summary>A small host at the other end of the cable. It answers ARP and ICMP echo for one IPv4 address, always alike and a few microseconds
/// of device time later, and ignores everything else.</summary>
public sealed class Peer : IWire
{
    /// <summary>The IPv4 address it has unless told: 192.0.2.1 (RFC 5737), with 192.0.2.2 for the guest.</summary>
    public static readonly IPAddress DefaultAddress = new([192, 0, 2, 1]);

    const int EthernetHeader = IpPacket.EthernetHeader, ArpLength = 28;
    readonly FrameFifo<long> _answers = new(256 * 1024);
    INetworkPort? _port;
    DeviceTimer? _answer;
    uint _ip;

    /// <summary>A host.</summary>
    /// <param name="address">Its IPv4 address; <see cref="DefaultAddress"/> unless told.</param>
    /// <param name="mac">Its MAC address; 02:00:5e:00:53:fe unless told.</param>
    public Peer(IPAddress? address = null, MacAddress? mac = null)
    {
        Mac = mac ?? new MacAddress(0x0200_5E00_53FE);
        Address = address ?? DefaultAddress;
    }

    /// <summary>Its IPv4 address.</summary>
    /// <exception cref="ArgumentException">Not IPv4.</exception>
    public IPAddress Address
    {
        get;
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            if (value.AddressFamily != AddressFamily.InterNetwork) throw new ArgumentException($"{value} is not an IPv4 address, as in 192.0.2.1", nameof(value));
            field = value;
            _ip = BinaryPrimitives.ReadUInt32BigEndian(value.GetAddressBytes());
        }
    }

    /// <summary>Its MAC address.</summary>
    public MacAddress Mac { get; }

    /// <summary>It says nothing while this is set.</summary>
    public bool Silent { get; set; }

    /// <summary>ARP requests answered.</summary>
    public long ArpAnswered { get; private set; }

    /// <summary>Echo requests answered.</summary>
    public long EchoAnswered { get; private set; }

    /// <summary>Frames it had no answer to.</summary>
    public long Ignored { get; private set; }

    /// <summary>Answers lost because too many waited.</summary>
    public long Lost { get; private set; }

    /// <inheritdoc/>
    public void Attach(INetworkPort port)
    {
        ArgumentNullException.ThrowIfNull(port);
        _port = port;
        _answer = port.Timer(Answer, "peer answers");
    }

    /// <inheritdoc/>
    public void PortReset() => _answers.Clear();

    /// <inheritdoc/>
    public void Send(ReadOnlySpan<byte> frame)
    {
        if (Silent || frame.Length < EthernetHeader || !(AnswerArp(frame) || AnswerEcho(frame))) Ignored++;
    }

    bool AnswerArp(ReadOnlySpan<byte> frame)
    {
        if (frame.Length < EthernetHeader + ArpLength || TypeOf(frame) != 0x0806) return false;
        var arp = frame[EthernetHeader..];
        var request = BinaryPrimitives.ReadUInt64BigEndian(arp) == 0x0001_0800_0604_0001;
        if (!request || BinaryPrimitives.ReadUInt32BigEndian(arp[24..]) != _ip) return false;
        var answer = Begin(frame, EthernetHeader + ArpLength);
        if (answer.IsEmpty) return true;
        var reply = answer[EthernetHeader..];
        BinaryPrimitives.WriteUInt64BigEndian(reply, 0x0001_0800_0604_0002);
        Mac.CopyTo(reply[8..]);
        BinaryPrimitives.WriteUInt32BigEndian(reply[14..], _ip);
        arp.Slice(8, 10).CopyTo(reply[18..]);
        ArpAnswered++;
        return true;
    }

    bool AnswerEcho(ReadOnlySpan<byte> frame)
    {
        if (TypeOf(frame) != 0x0800 || MacAddress.From(frame) != Mac || frame.Length < EthernetHeader + 28) return false;
        var ip = frame[EthernetHeader..];
        var header = (ip[0] & 15) * 4;
        var total = BinaryPrimitives.ReadUInt16BigEndian(ip[2..]);
        if (ip[0] >> 4 != 4 || header < 20 || total < header + 8 || total > ip.Length) return false;
        var whole = (BinaryPrimitives.ReadUInt16BigEndian(ip[6..]) & 0x3FFF) == 0;
        if (!whole || ip[9] != IpPacket.Icmp || BinaryPrimitives.ReadUInt32BigEndian(ip[16..]) != _ip || ip[header] != 8) return false;
        if (InternetChecksum.Sum(ip[..header]) != 0xFFFF || InternetChecksum.Sum(ip[header..total]) != 0xFFFF) return false;
        var answer = Begin(frame, EthernetHeader + total);
        if (answer.IsEmpty) return true;
        var reply = answer[EthernetHeader..];
        ip[..total].CopyTo(reply);
        reply[8] = 64;
        ip.Slice(16, 4).CopyTo(reply[12..]);
        ip.Slice(12, 4).CopyTo(reply[16..]);
        InternetChecksum.SetIPv4(reply[..header]);
        var icmp = reply[header..];
        icmp[..4].Clear();
        BinaryPrimitives.WriteUInt16BigEndian(icmp[2..], (ushort)~InternetChecksum.Sum(icmp));
        EchoAnswered++;
        return true;
    }

    Span<byte> Begin(ReadOnlySpan<byte> frame, int length)
    {
        var answer = _answers.Add(length, _port!.Now + Rtl8111Timing.PeerAnswer);
        if (answer.IsEmpty)
        {
            Lost++;
            return answer;
        }
        frame.Slice(6, 6).CopyTo(answer);
        Mac.CopyTo(answer[6..]);
        frame.Slice(12, 2).CopyTo(answer[12..]);
        if (!_answer!.IsArmed) _answer.Arm(Rtl8111Timing.PeerAnswer);
        return answer;
    }

    // What falls due within the same microsecond goes together, as frames on a busy wire do.
    void Answer()
    {
        while (_answers.Count > 0)
        {
            var answer = _answers.Peek(out var due);
            if (due > _port!.Now + 1_000)
            {
                _answer!.Arm(due - _port.Now);
                return;
            }
            _port.Receive(answer);
            _answers.Remove();
        }
    }

    static int TypeOf(ReadOnlySpan<byte> frame) => BinaryPrimitives.ReadUInt16BigEndian(frame[12..]);
}
