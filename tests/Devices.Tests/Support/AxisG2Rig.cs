using System.Buffers.Binary;
using Understudy.Pci;

namespace Understudy.Devices.Tests;

/// <summary>An AxisG2 card on a loopback bus, and the few moves of a driver that a test needs, in a driver's order of writes.</summary>
sealed class AxisG2Rig
{
    public const ulong WriteRing = 0x1_0000, ReadRing = 0x2_0000, RxBuffers = 0x10_0000, TxBuffers = 0x40_0000;
    public const uint MaxSize = 0x1_0000;
    const int CapabilityMsi = 0x48;
    int _wrNext, _rdNext, _before;

    public AxisG2Rig(AxisG2Options? options = null, DeviceClock? clock = null, IStreamEndpoint? stream = null, int seed = 0, params BusInterceptor[] interceptors)
    {
        Bus = new LoopbackBus(8 << 20, clock);
        Card = new AxisG2((options ?? new AxisG2Options()) with { HasMsix = false });
        Slot = new PciSlot<AxisG2>(Bus, Card, interceptors, seed);
        if (stream is not null) Slot.Do(card => card.Stream = stream);
        Slot.WriteConfig(CapabilityMsi + 4, BitConverter.GetBytes(0xFEE0_0000));
        Slot.WriteConfig(CapabilityMsi + 12, BitConverter.GetBytes((ushort)0x41));
        Slot.WriteConfig(CapabilityMsi + 2, BitConverter.GetBytes((ushort)0x81));
        BusMaster(true);
    }

    public LoopbackBus Bus { get; }

    public AxisG2 Card { get; }

    public PciSlot<AxisG2> Slot { get; }

    public AxisG2Counters Counters => Slot.Ask(card => card.Counters);

    public IEnumerable<string> Checks => Slot.Findings.Select(finding => finding.Check);

    public int Interrupts => Bus.Interrupts[0] - _before;

    public int Entries => 1 << Card.Options.RingBits;

    public void BusMaster(bool on) => Slot.WriteConfig(4, BitConverter.GetBytes((ushort)(on ? 6 : 2)));

    public uint R(ulong offset)
    {
        Span<byte> data = stackalloc byte[4];
        Slot.Read(0, offset, data);
        return BinaryPrimitives.ReadUInt32LittleEndian(data);
    }

    public void W(ulong offset, uint value)
    {
        Span<byte> data = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(data, value);
        Slot.Write(0, offset, data);
    }

    /// <summary>Long enough for all but the interrupt that is told again each second.</summary>
    public void Settle() => Bus.Time.Advance(20_000_000);

    /// <summary>Lets so many DMA clocks pass.</summary>
    public void Clocks(long clocks) => Bus.Time.Advance(clocks * 4);

    /// <summary>As a driver does at probe: rings, sizes, FIFOs out of reset, free buffers, and the engine on.</summary>
    public AxisG2Rig Open(int buffers = 8, uint maxSize = MaxSize, bool cont = true, uint holdOff = 0)
    {
        Bus.Memory[(int)WriteRing..(int)RxBuffers].Clear();
        (_wrNext, _rdNext) = (0, 0);
        W(0x018, (uint)ReadRing);
        W(0x01C, 0);
        W(0x010, (uint)WriteRing);
        W(0x014, 0);
        W(0x028, maxSize);
        W(0x020, 1);
        W(0x020, 0);
        W(0x008, cont ? 1u : 0);
        W(0x00C, 0);
        if (Card.Options.Version >= 3) W(0x084, holdOff);
        for (var i = 0; i < buffers; i++) Post(i);
        W(0x000, 1);
        W(0x02C, 1);
        W(0x004, 1);
        _before = Bus.Interrupts[0];
        return this;
    }

    public static ulong RxBuffer(int index) => RxBuffers + (ulong)index * MaxSize;

    /// <summary>Gives the engine a free buffer; index 0 is the driver's first receive buffer.</summary>
    public void Post(int index, ulong? address = null)
    {
        var at = address ?? RxBuffer(index);
        W(0x070, (uint)(at >> 8));
        W(0x048, (uint)index | (uint)(at & 0xF0) << 24);
    }

    public void Send(ReadOnlySpan<byte> data, uint flags = 0, int index = 100, ulong address = TxBuffers, uint? size = null)
    {
        if (address + (ulong)data.Length <= (ulong)Bus.Memory.Length) data.CopyTo(Bus.Memory[(int)address..]);
        PostTx(flags, size ?? (uint)data.Length, index, address);
    }

    public void PostTx(uint flags, uint size, int index, ulong address)
    {
        W(0x064, (uint)(address >> 8));
        W(0x060, (uint)index | (uint)(address & 0xF0) << 24);
        W(0x044, size);
        W(0x040, flags);
    }

    public static uint Flags(byte first = 0, byte last = 0, byte dest = 0, int channel = 0, bool cont = false)
        => (uint)first << 24 | (uint)last << 16 | (uint)dest << 8 | (uint)channel << 4 | (cont ? 8u : 0);

    /// <summary>Takes the next received buffer off the ring, as the driver does.</summary>
    public bool TryReceive(out Completion completion) => TryTake(WriteRing, ref _wrNext, out completion);

    public Completion Receive()
    {
        Assert.True(TryReceive(out var completion), "there is no completion");
        return completion;
    }

    /// <summary>Takes the next returned descriptor.</summary>
    public bool TryReturn(out Completion completion) => TryTake(ReadRing, ref _rdNext, out completion);

    public byte[] Data(Completion completion) => Bus.Memory.Slice((int)RxBuffer((int)completion.Index), (int)completion.Size).ToArray();

    public static byte[] Bytes(int length, int seed = 1)
    {
        var data = new byte[length];
        new Random(seed).NextBytes(data);
        return data;
    }

    bool TryTake(ulong ring, ref int next, out Completion completion)
    {
        var at = (int)ring + next * 16;
        uint Word(int n) => BinaryPrimitives.ReadUInt32LittleEndian(Bus.Memory[(at + 4 * n)..]);
        completion = new Completion(Word(0), Word(1), Word(2), Word(3));
        if (completion.Owner == 0) return false;
        Bus.Memory.Slice(at, 16).Clear();
        next = (next + 1) % Entries;
        return true;
    }

    public readonly record struct Completion(uint Word0, uint Index, uint Size, uint Owner)
    {
        public byte First => (byte)(Word0 >> 24);

        public byte Last => (byte)(Word0 >> 16);

        public byte Id => (byte)(Word0 >> 8);

        public uint Result => Word0 & 7;

        public bool Continues => (Word0 & 8) != 0;

        public bool TimedOut => (Word0 & 0x10) != 0;

        public int Dest => (int)(Owner >> 8 & 15) * 256 + (byte)Owner;
    }
}
