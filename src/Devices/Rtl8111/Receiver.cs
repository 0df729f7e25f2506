using System.Buffers.Binary;
using Understudy.Pci;
using static Understudy.Devices.Rtl8111Registers;

namespace Understudy.Devices;

/// <summary>The receive path: filter, status, FIFO, and DMA into the ring in batches, one interrupt a batch. A frame that finds no descriptor
/// waits in the FIFO; when the FIFO is full, frames are missed.</summary>
sealed class Receiver
{
    const int Batch = 64, FifoBytes = 64 * 1024, ShortestFrame = 60, FcsBytes = 4, OrdinaryFrame = 1536, LongestFrame = (int)Descriptor.RxLengthMask - FcsBytes;
    readonly Rtl8111 _nic;
    readonly RegisterFile _registers;
    readonly DescriptorRing _ring;
    readonly FrameFifo<Status> _fifo = new(FifoBytes);
    DeviceTimer? _deliver;
    int _written;

    public Receiver(Rtl8111 nic, RegisterFile registers)
    {
        (_nic, _registers) = (nic, registers);
        _ring = new DescriptorRing(nic, registers, RxRing, RxDescAddrHigh, "receive");
        // The driver rings no bell when it returns descriptors; chip and model look again when it is done with an interrupt.
        registers.OnWrite(IntrMask, _ => Deliver()).OnWrite(IntrStatus, _ => Deliver());
    }

    /// <summary>What happens to the next frames.</summary>
    public ReceiveFault NextFault { get; set; }

    /// <summary>How many frames <see cref="NextFault"/> is for.</summary>
    public int FaultCount { get; set; }

    public int Waiting => _fifo.Count;

    public void PluggedIn(Func<Action, string, DeviceTimer> timer) => _deliver = timer(DeliverBatch, "receive");

    public void Reset()
    {
        _deliver?.Cancel();
        _ring.Restart();
        _fifo.Clear();
        _written = 0;
    }

    /// <summary>A frame comes off the wire.</summary>
    public void Receive(ReadOnlySpan<byte> frame)
    {
        if (!_registers[RxEnable] || frame.Length < IpPacket.EthernetHeader || !Accepts(frame, out var kind)) return;
        var fault = TakeFault();
        if (frame.Length > LongestFrame || (fault == ReceiveFault.BadFcs && !_registers[AcceptError]))
        {
            _nic.Count.RxErrors++;
            return;
        }
        var tagged = _registers[RxVlan] && frame.Length >= 18 && BinaryPrimitives.ReadUInt16BigEndian(frame[12..]) == 0x8100;
        var length = Math.Max(frame.Length, ShortestFrame) - (tagged ? 4 : 0);
        var room = fault == ReceiveFault.Overflow ? default : _fifo.Add(length + FcsBytes, default(Status));
        if (room.IsEmpty)
        {
            Missed();
            return;
        }
        Store(frame, tagged, room[..length]);
        if (fault == ReceiveFault.FlippedBit) room[length - 1 - ((length - IpPacket.EthernetHeader) >> 2)] ^= 0x10;
        BinaryPrimitives.WriteUInt32LittleEndian(room[length..], Crc32.FrameCheck(room[..length]) ^ (fault == ReceiveFault.BadFcs ? 1u : 0));
        _fifo.LastTag = Describe(frame, room[..length], kind, tagged, fault);
        CountFrame(kind, _fifo.LastTag.Options1);
        Deliver();
    }

    /// <summary>Goes on with what waits, if something does.</summary>
    public void Deliver()
    {
        if (_fifo.Count > 0 && _deliver is { IsArmed: false }) _deliver.Arm(Rtl8111Timing.Receive);
    }

    void DeliverBatch()
    {
        if (!_registers[RxEnable] || !_nic.CanMaster) return;
        var frames = 0;
        var errors = false;
        var goOn = true;
        for (var i = 0; i < Batch && _fifo.Count > 0 && goOn; i++) goOn = FillNext(ref frames, ref errors);
        if (errors) _nic.Raise(RxError);
        if (frames > 0) _nic.Signal(RxOk, frames);
        if (goOn && _fifo.Count > 0) _deliver!.Arm(Rtl8111Timing.NextBatch);
    }

    bool FillNext(ref int frames, ref bool errors)
    {
        if (!_ring.Read(out var descriptor)) return Stop(SystemError);
        return descriptor.Is(Descriptor.Own) ? Fill(descriptor, ref frames, ref errors) : Stop(RxDescUnavailable);
    }

    bool Stop(Flag cause)
    {
        _nic.Raise(cause);
        return false;
    }

    bool Fill(Descriptor descriptor, ref int frames, ref bool errors)
    {
        var frame = _fifo.Peek(out var status);
        var part = frame[_written..];
        var first = _written == 0 ? Descriptor.FirstSegment : 0;
        var size = descriptor.RxLength;
        if (size == 0) _nic.Find("rx-buffer-empty", "the receive ring holds a buffer of no bytes");
        if (part.Length > size) part = part[..size];
        if (part.Length > 0 && !_nic.Memory.Write(descriptor.Address, part)) return Failed();
        _written += part.Length;
        var last = _written == frame.Length;
        descriptor.Options1 = (descriptor.Options1 & Descriptor.EndOfRing) | first
            | (last ? status.Options1 | Descriptor.LastSegment | (uint)frame.Length : (uint)size);
        descriptor.Options2 = last ? status.Options2 : 0;
        if (!_ring.Return(descriptor, writeOptions2: true)) return Failed();
        if (!last) return true;
        errors |= descriptor.Is(Descriptor.RxError);
        (_written, frames) = (0, frames + 1);
        _fifo.Remove();
        return true;
    }

    bool Failed()
    {
        _fifo.Remove();
        _written = 0;
        return Stop(SystemError);
    }

    void Missed()
    {
        _nic.Count.RxMissed++;
        _nic.Raise(RxFifoOverflow);
    }

    ReceiveFault TakeFault()
    {
        if (FaultCount == 0) return ReceiveFault.None;
        FaultCount--;
        return NextFault;
    }

    bool Accepts(ReadOnlySpan<byte> frame, out uint kind)
    {
        kind = 0;
        var to = MacAddress.From(frame);
        if (to == MacAddress.Broadcast) kind = _registers[AcceptBroadcast] ? Descriptor.RxBroadcast : 0;
        else if ((to.Value >> 40 & 1) != 0) kind = _registers[AcceptMulticast] && PassesHash(frame) ? Descriptor.RxMulticast : 0;
        else if (to == _nic.StationAddress) kind = _registers[AcceptMyPhys] ? Descriptor.RxPhysical : 0;
        return kind != 0 || _registers[AcceptAllPhys];
    }

    // The eight filter bytes count down on this family: rtl_set_rx_mode swaps them.
    bool PassesHash(ReadOnlySpan<byte> address)
    {
        var hash = Crc32.MulticastHash(address);
        var filter = _registers[MAR4] << 32 | _registers[MAR0];
        return (filter >> ((7 - (hash >> 3)) * 8 + (hash & 7)) & 1) != 0;
    }

    static void Store(ReadOnlySpan<byte> frame, bool tagged, Span<byte> room)
    {
        if (tagged)
        {
            frame[..12].CopyTo(room);
            frame[16..].CopyTo(room[12..]);
        }
        else
        {
            frame.CopyTo(room);
        }
        var stored = frame.Length - (tagged ? 4 : 0);
        room[stored..].Clear();
    }

    Status Describe(ReadOnlySpan<byte> wire, Span<byte> frame, uint kind, bool tagged, ReceiveFault fault)
    {
        var options1 = kind;
        var options2 = tagged ? Descriptor.RxVlanTag | BinaryPrimitives.ReadUInt16LittleEndian(wire[14..]) : 0;
        if (wire.Length + FcsBytes > LongestAccepted) options1 |= Descriptor.RxError | Descriptor.RxWatchdog;
        if (fault == ReceiveFault.BadFcs) options1 |= Descriptor.RxError | Descriptor.RxCrcError;
        if (fault == ReceiveFault.ErrorStatus) options1 |= Descriptor.RxError;
        if (!_registers[RxChecksum] || !IpPacket.TryFind(frame, out var packet)) return new Status(options1, options2);
        options2 |= packet.IsVersion4 ? Descriptor.RxIpv4 : Descriptor.RxIpv6;
        return new Status(options1 | CheckSums(packet), options2);
    }

    static uint CheckSums(in IpPacket packet)
    {
        var status = packet.IsVersion4 && InternetChecksum.Sum(packet.Header) != 0xFFFF ? Descriptor.RxIpFailed : 0;
        if (packet.IsFragment) return status | Descriptor.RxProtocolIp;
        var wrong = InternetChecksum.Segment(packet.Addresses, packet.Protocol, packet.Payload) != 0xFFFF;
        return packet.Protocol switch
        {
            IpPacket.Tcp => status | Descriptor.RxProtocolTcp | (wrong ? Descriptor.RxTcpFailed : 0),
            IpPacket.Udp => status | Descriptor.RxProtocolUdp | (wrong && HasUdpChecksum(packet) ? Descriptor.RxUdpFailed : 0),
            _ => status | Descriptor.RxProtocolIp,
        };
    }

    static bool HasUdpChecksum(in IpPacket packet) => packet.Payload.Length < 8 || (packet.Payload[6] | packet.Payload[7]) != 0;

    int LongestAccepted => Math.Min(_registers[JumboEnable0] ? _nic.JumboBytes : OrdinaryFrame, (int)_registers[RxMaxSize]);

    void CountFrame(uint kind, uint options1)
    {
        ref var count = ref _nic.Count;
        if ((options1 & Descriptor.RxError) != 0)
        {
            count.RxErrors++;
            return;
        }
        count.RxPackets++;
        if (kind == Descriptor.RxBroadcast) count.RxBroadcast++;
        else if (kind == Descriptor.RxMulticast) count.RxMulticast++;
        else count.RxUnicast++;
    }

    readonly record struct Status(uint Options1, uint Options2);
}
