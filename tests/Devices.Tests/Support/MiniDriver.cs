using System.Buffers.Binary;
using Understudy.Pci;

namespace Understudy.Devices.Tests;

/// <summary>The card on a loopback bus, and the few moves of r8169 that a test needs: the same registers, rings and order of writes.</summary>
sealed class MiniDriver
{
    public const uint Own = 1u << 31, EndOfRing = 1u << 30, First = 1u << 29, Last = 1u << 28;
    public const ulong TxRing = 0x1_0000, RxRing = 0x1_2000, HighRing = 0x1_4000, CounterDump = 0x1_6000, TxBuffers = 0x10_0000, RxBuffers = 0x20_0000;
    public const int Entries = 256, BufferSize = 0x4000;
    const int CapabilityMsi = 0x48, CapabilityPm = 0x40;
    int _txNext, _rxNext, _before;

    public MiniDriver(Rtl8111Chip chip = Rtl8111Chip.Rtl8168C, DeviceClock? clock = null, IWire? wire = null, int seed = 0, params BusInterceptor[] interceptors)
    {
        Bus = new LoopbackBus(8 << 20, clock);
        Nic = new Rtl8111(chip: chip);
        if (wire is not null) Nic.Wire = wire;
        Slot = new PciSlot<Rtl8111>(Bus, Nic, interceptors, seed);
        Probe();
    }

    /// <summary>What the kernel and rtl_init_one set up in configuration space.</summary>
    public void Probe()
    {
        Slot.WriteConfig(CapabilityMsi + 4, BitConverter.GetBytes(0xFEE0_0000));
        Slot.WriteConfig(CapabilityMsi + 12, BitConverter.GetBytes((ushort)0x41));
        Slot.WriteConfig(CapabilityMsi + 2, BitConverter.GetBytes((ushort)0x81));
        BusMaster(true);
    }

    public LoopbackBus Bus { get; }

    public Rtl8111 Nic { get; }

    public PciSlot<Rtl8111> Slot { get; }

    /// <summary>Messages since <see cref="Open"/>.</summary>
    public int Interrupts => Bus.Interrupts[0] - _before;

    public IEnumerable<string> Checks => Slot.Findings.Select(finding => finding.Check);

    public void BusMaster(bool on) => Slot.WriteConfig(4, BitConverter.GetBytes((ushort)(on ? 6 : 2)));

    public void PowerState(int d) => Slot.WriteConfig(CapabilityPm + 4, BitConverter.GetBytes((ushort)(d | 0x100)));

    public bool PmeStatus
    {
        get
        {
            var data = new byte[2];
            Slot.ReadConfig(CapabilityPm + 4, data);
            return (data[1] & 0x80) != 0;
        }
    }

    public byte R8(int offset) => Read(offset, 1)[0];

    public ushort R16(int offset) => BitConverter.ToUInt16(Read(offset, 2));

    public uint R32(int offset) => BitConverter.ToUInt32(Read(offset, 4));

    public void W8(int offset, int value) => Slot.Write(2, (ulong)offset, [(byte)value]);

    public void W16(int offset, int value) => Slot.Write(2, (ulong)offset, BitConverter.GetBytes((ushort)value));

    public void W32(int offset, uint value) => Slot.Write(2, (ulong)offset, BitConverter.GetBytes(value));

    public void Settle() => Bus.Time.RunUntilIdle();

    public ushort Mdio(int register)
    {
        W32(0x60, (uint)register << 16);
        Settle();
        Assert.NotEqual(0u, R32(0x60) & Own);
        return (ushort)R32(0x60);
    }

    public void Mdio(int register, int value)
    {
        W32(0x60, Own | (uint)register << 16 | (uint)value);
        Settle();
        Assert.Equal(0u, R32(0x60) & Own);
    }

    public void ResetChip()
    {
        W8(0x37, 0x10);
        Settle();
        Assert.Equal(0, R8(0x37) & 0x10);
    }

    /// <summary>rtl_open and rtl_hw_start, in short.</summary>
    public MiniDriver Open(bool plug = true, int rxConfig = 0xE70E)
    {
        W16(0x3C, 0);
        W16(0x3E, 0xFFFF);
        ResetChip();
        FillRxRing();
        W16(0xE0, 0x0020);
        W16(0xDA, 0x4000);
        W32(0x24, 0);
        W32(0x20, (uint)TxRing);
        W32(0xE8, 0);
        W32(0xE4, (uint)RxRing);
        W8(0x37, 0x0C);
        W32(0x44, (uint)rxConfig);
        W32(0x40, 0x0300_0700);
        W32(0x0C, 0xFFFF_FFFF);
        W32(0x08, 0xFFFF_FFFF);
        W16(0x3C, 0x002F);
        if (plug) PlugIn();
        (_txNext, _rxNext, _before) = (0, 0, Bus.Interrupts[0]);
        return this;
    }

    public void PlugIn()
    {
        Slot.Do(nic => nic.CablePluggedIn = true);
        Settle();
        W16(0x3E, 0xFFFF);
    }

    public void FillRxRing(int entries = Entries, int bufferSize = 0x3FFF)
    {
        for (var i = 0; i < entries; i++)
        {
            SetDescriptor(RxRing, i, Own | (uint)bufferSize | (i == entries - 1 ? EndOfRing : 0), 0, RxBuffers + (ulong)(i * BufferSize));
        }
        _rxNext = 0;
    }

    /// <summary>rtl8169_start_xmit: one frame in as many segments as asked.</summary>
    public void Queue(ReadOnlySpan<byte> frame, uint options1 = 0, uint options2 = 0, int segments = 1)
    {
        var start = _txNext;
        var size = (frame.Length + segments - 1) / segments;
        for (var i = 0; i < segments; i++)
        {
            var part = frame[(i * size)..Math.Min((i + 1) * size, frame.Length)];
            var at = TxBuffers + (ulong)(_txNext * 0x1000);
            part.CopyTo(Bus.Memory[(int)at..]);
            var flags = (i > 0 ? Own : 0) | (i == 0 ? First : 0) | (i == segments - 1 ? Last : 0) | (_txNext == Entries - 1 ? EndOfRing : 0);
            SetDescriptor(TxRing, _txNext, options1 | flags | (uint)part.Length, options2, at);
            _txNext = (_txNext + 1) % Entries;
        }
        SetOptions1(TxRing, start, Options1(TxRing, start) | Own);
    }

    public void Doorbell() => W8(0x38, 0x40);

    public void Send(ReadOnlySpan<byte> frame, uint options1 = 0, uint options2 = 0, int segments = 1)
    {
        Queue(frame, options1, options2, segments);
        Doorbell();
        Settle();
    }

    /// <summary>rtl_rx for one descriptor: the frame without FCS, its status words, and the descriptor back to the card.</summary>
    public bool TryReceive(out byte[] frame, out uint options1, out uint options2)
    {
        (frame, options1, options2) = ([], Options1(RxRing, _rxNext), Options2(RxRing, _rxNext));
        if ((options1 & Own) != 0) return false;
        var length = (int)(options1 & 0x3FFF) - 4;
        frame = Bus.Memory.Slice((int)RxBuffers + _rxNext * BufferSize, length).ToArray();
        SetDescriptor(RxRing, _rxNext, (options1 & EndOfRing) | Own | 0x3FFF, 0, RxBuffers + (ulong)(_rxNext * BufferSize));
        _rxNext = (options1 & EndOfRing) != 0 ? 0 : _rxNext + 1;
        return true;
    }

    public byte[] Receive()
    {
        Assert.True(TryReceive(out var frame, out var options1, out _));
        Assert.Equal(First | Last, options1 & (First | Last | 1u << 21));
        return frame;
    }

    public void FromWire(byte[] frame) => Slot.Do(nic => nic.Receive(frame));

    public TallyCounters DumpCounters()
    {
        W32(0x14, 0);
        W32(0x10, (uint)CounterDump);
        W32(0x10, (uint)CounterDump | 8);
        Settle();
        Assert.Equal((uint)CounterDump, R32(0x10));
        return System.Runtime.InteropServices.MemoryMarshal.Read<TallyCounters>(Bus.Memory[(int)CounterDump..]);
    }

    public uint Options1(ulong ring, int index) => BinaryPrimitives.ReadUInt32LittleEndian(Bus.Memory[((int)ring + index * 16)..]);

    public uint Options2(ulong ring, int index) => BinaryPrimitives.ReadUInt32LittleEndian(Bus.Memory[((int)ring + index * 16 + 4)..]);

    public void SetOptions1(ulong ring, int index, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(Bus.Memory[((int)ring + index * 16)..], value);

    public void SetDescriptor(ulong ring, int index, uint options1, uint options2, ulong address)
    {
        var at = Bus.Memory[((int)ring + index * 16)..];
        BinaryPrimitives.WriteUInt32LittleEndian(at, options1);
        BinaryPrimitives.WriteUInt32LittleEndian(at[4..], options2);
        BinaryPrimitives.WriteUInt64LittleEndian(at[8..], address);
    }

    byte[] Read(int offset, int size)
    {
        var data = new byte[size];
        Assert.Equal(BusStatus.Ok, Slot.Read(2, (ulong)offset, data));
        return data;
    }
}
