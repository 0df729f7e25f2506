using System.Buffers.Binary;
using Understudy.Pci;

namespace Understudy.Devices.Tests;

/// <summary>A completion as the driver sees it.</summary>
readonly record struct NvmeAnswer(int Status, uint Result, int CommandId, int SqId, int SqHead, bool DoNotRetry);

/// <summary>The controller on a loopback bus, and the moves of a driver that a test needs.</summary>
sealed class MiniNvmeDriver
{
    public const ulong AdminSq = 0x1_0000, AdminCq = 0x1_4000, Queues = 0x2_0000, Lists = 0x8_0000, Data = 0x10_0000;
    public const int AdminEntries = 32;

    readonly Dictionary<int, Ring> _rings = [];

    sealed class Ring(ulong sq, ulong cq, int size)
    {
        public ulong Sq => sq;
        public ulong Cq => cq;
        public int Size => size;
        public int Tail { get; set; }
        public int Head { get; set; }
        public int Phase { get; set; } = 1;
    }

    public MiniNvmeDriver(Nvme? nvme = null, DeviceClock? clock = null, int seed = 0, params BusInterceptor[] interceptors)
    {
        Bus = new LoopbackBus(4 << 20, clock);
        Nvme = nvme ?? new Nvme([new NvmeNamespace(8 << 20)]);
        Slot = new PciSlot<Nvme>(Bus, Nvme, interceptors, seed);
        Slot.WriteConfig(4, [0x06, 0x00]);
    }

    public LoopbackBus Bus { get; }

    public Nvme Nvme { get; }

    public PciSlot<Nvme> Slot { get; }

    public IEnumerable<string> Checks => Slot.Findings.Select(finding => finding.Check);

    public Span<byte> Memory => Bus.Memory;

    public uint R32(int offset)
    {
        var data = new byte[4];
        Slot.Read(0, (ulong)offset, data);
        return BinaryPrimitives.ReadUInt32LittleEndian(data);
    }

    public void W32(int offset, uint value) => Slot.Write(0, (ulong)offset, BitConverter.GetBytes(value));

    public void W64(int offset, ulong value) => Slot.Write(0, (ulong)offset, BitConverter.GetBytes(value));

    public uint Csts => R32(0x1C);

    public void Settle() => Bus.Time.RunUntilIdle(200_000);

    /// <summary>Enables MSI-X with every vector unmasked.</summary>
    public MiniNvmeDriver WithMsix()
    {
        for (var vector = 0; vector <= Nvme.MostIoQueues; vector++) W32(0x2000 + 16 * vector + 12, 0);
        Slot.WriteConfig(MsixCapability + 2, BitConverter.GetBytes((ushort)0x8000));
        return this;
    }

    int MsixCapability
    {
        get
        {
            var at = new byte[1];
            Slot.ReadConfig(0x34, at);
            var id = new byte[2];
            for (Slot.ReadConfig(at[0], id); id[0] != 0x11; Slot.ReadConfig(at[0], id)) at[0] = id[1];
            return at[0];
        }
    }

    public MiniNvmeDriver Enable(uint cc = 0x0046_0001, int entries = AdminEntries)
    {
        _rings.Clear();
        Memory[(int)AdminSq..(int)Queues].Clear();
        W32(0x24, (uint)(entries - 1) * 0x1_0001);
        W64(0x28, AdminSq);
        W64(0x30, AdminCq);
        W32(0x14, cc);
        Settle();
        _rings[0] = new Ring(AdminSq, AdminCq, entries);
        return this;
    }

    /// <summary>Enabled, with I/O queue 1 of that many entries.</summary>
    public MiniNvmeDriver Open(int entries = 64)
    {
        Enable();
        Assert.Equal(1u, Csts);
        Assert.Equal(0, CreateCq(1, entries).Status);
        Assert.Equal(0, CreateSq(1, entries, cq: 1).Status);
        return this;
    }

    public NvmeAnswer CreateCq(int id, int entries, int vector = 1, uint flags = 3, ulong? address = null)
    {
        var at = address ?? CqAddress(id);
        if (address is null) Memory.Slice((int)at, 0x4000).Clear();
        return Admin(0x05, prp1: at, dword10: (uint)(entries - 1) << 16 | (uint)id, dword11: (uint)vector << 16 | flags);
    }

    public NvmeAnswer CreateSq(int id, int entries, int cq, uint flags = 1, ulong? address = null)
    {
        var answer = Admin(0x01, prp1: address ?? SqAddress(id), dword10: (uint)(entries - 1) << 16 | (uint)id, dword11: (uint)cq << 16 | flags);
        if (answer.Status == 0) _rings[id] = new Ring(SqAddress(id), CqAddress(cq), entries);
        return answer;
    }

    static ulong SqAddress(int id) => Queues + (ulong)id * 0x1_0000 - 0x1_0000;

    static ulong CqAddress(int id) => SqAddress(id) + 0xC000;

    /// <summary>Puts a command into a queue, without the doorbell.</summary>
    public void Put(int queue, byte opcode, int cid, uint nsid = 0, ulong prp1 = Data, ulong prp2 = 0, uint dword10 = 0, uint dword11 = 0, uint dword12 = 0, uint dword13 = 0, byte flags = 0)
    {
        var ring = _rings[queue];
        var entry = Memory.Slice((int)ring.Sq + ring.Tail * 64, 64);
        entry.Clear();
        (entry[0], entry[1]) = (opcode, flags);
        BinaryPrimitives.WriteUInt16LittleEndian(entry[2..], (ushort)cid);
        BinaryPrimitives.WriteUInt32LittleEndian(entry[4..], nsid);
        BinaryPrimitives.WriteUInt64LittleEndian(entry[24..], prp1);
        BinaryPrimitives.WriteUInt64LittleEndian(entry[32..], prp2);
        BinaryPrimitives.WriteUInt32LittleEndian(entry[40..], dword10);
        BinaryPrimitives.WriteUInt32LittleEndian(entry[44..], dword11);
        BinaryPrimitives.WriteUInt32LittleEndian(entry[48..], dword12);
        BinaryPrimitives.WriteUInt32LittleEndian(entry[52..], dword13);
        ring.Tail = (ring.Tail + 1) % ring.Size;
    }

    public void Doorbell(int queue) => W32(0x1000 + 8 * queue, (uint)_rings[queue].Tail);

    public bool TryTake(int queue, out NvmeAnswer answer, bool ring = true)
    {
        var at = _rings[queue];
        var entry = Memory.Slice((int)at.Cq + at.Head * 16, 16);
        var status = BinaryPrimitives.ReadUInt16LittleEndian(entry[14..]);
        answer = new NvmeAnswer(status >> 1 & 0x7FF, BinaryPrimitives.ReadUInt32LittleEndian(entry), BinaryPrimitives.ReadUInt16LittleEndian(entry[12..]),
            BinaryPrimitives.ReadUInt16LittleEndian(entry[10..]), BinaryPrimitives.ReadUInt16LittleEndian(entry[8..]), (status & 0x8000) != 0);
        if ((status & 1) != at.Phase) return false;
        at.Head++;
        if (at.Head == at.Size) (at.Head, at.Phase) = (0, at.Phase ^ 1);
        if (ring) W32(0x1004 + 8 * queue, (uint)at.Head);
        return true;
    }

    public NvmeAnswer Take(int queue)
    {
        Assert.True(TryTake(queue, out var answer), $"nothing was posted to completion queue {queue}; findings: {string.Join("; ", Slot.Findings.Select(finding => finding.Text))}");
        return answer;
    }

    public NvmeAnswer Admin(byte opcode, int cid = 7, uint nsid = 0, ulong prp1 = Data, ulong prp2 = 0, uint dword10 = 0, uint dword11 = 0, uint dword12 = 0, uint dword13 = 0, byte flags = 0)
    {
        Put(0, opcode, cid, nsid, prp1, prp2, dword10, dword11, dword12, dword13, flags);
        Doorbell(0);
        Settle();
        return Take(0);
    }

    public NvmeAnswer Io(byte opcode, long block = 0, int blocks = 1, int cid = 9, uint nsid = 1, ulong prp1 = Data, ulong prp2 = 0)
    {
        PutIo(opcode, block, blocks, cid, nsid, prp1, prp2);
        Doorbell(1);
        Settle();
        return Take(1);
    }

    public void PutIo(byte opcode, long block = 0, int blocks = 1, int cid = 9, uint nsid = 1, ulong prp1 = Data, ulong prp2 = 0)
        => Put(1, opcode, cid, nsid, prp1, prp2, dword10: (uint)block, dword11: (uint)(block >> 32), dword12: (uint)(blocks - 1));

    public ReadOnlySpan<byte> Identify(int cns, uint nsid = 0)
    {
        Memory.Slice((int)Data, 4096).Fill(0xEE);
        Assert.Equal(0, Admin(0x06, nsid: nsid, dword10: (uint)cns).Status);
        return Memory.Slice((int)Data, 4096);
    }

    public ReadOnlySpan<byte> Log(int page, int bytes, bool retain = false, int offset = 0)
    {
        Memory.Slice((int)Data, 4096).Fill(0xEE);
        Assert.Equal(0, Admin(0x02, nsid: uint.MaxValue, dword10: (uint)page | (retain ? 1u << 15 : 0) | (uint)(bytes / 4 - 1) << 16, dword12: (uint)offset).Status);
        return Memory.Slice((int)Data, bytes);
    }

    public NvmeAnswer SetFeature(int feature, uint value, uint extra = 0) => Admin(0x09, dword10: (uint)feature | extra, dword11: value);

    public NvmeAnswer GetFeature(int feature, int select = 0, uint value = 0) => Admin(0x0A, dword10: (uint)feature | (uint)select << 8, dword11: value);
}
