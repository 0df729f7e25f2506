using System.Runtime.InteropServices;
using Understudy.Pci;
using Understudy.Pci.Tests;

namespace Understudy.Devices.Tests;

/// <summary>The accelerator on a loopback bus, and the few moves of idxd that a test needs.</summary>
sealed class DsaRig
{
    public const ulong Records = 0x8000, List = 0x2000, Source = 0x10000, Destination = 0x60000, Unmapped = 0xFFFF_FFFF_0000;
    public const uint CompletionValid = 4, RequestCompletion = 8, RequestInterrupt = 0x10;
    public const uint Asked = CompletionValid | RequestCompletion;

    public DsaRig(DsaOptions? options = null)
    {
        Slot = new PciSlot<Dsa>(Bus, new Dsa(options)).Enable(6);
        EnableMsix();
        for (var i = 0; i < 0x40000; i++) Bus.Memory[(int)Source + i] = (byte)(i * 7 + (i >> 8));
    }

    public LoopbackBus Bus { get; } = new();

    public PciSlot<Dsa> Slot { get; }

    public DsaState State => (DsaState)(Slot.Read32(0, 0x90) & 3);

    public IEnumerable<string> Checks => Slot.Findings.Select(finding => finding.Check);

    public ulong SoftwareError => Slot.Read(0, 0xC0, 8);

    /// <summary>All nine vectors unmasked, as the kernel leaves them.</summary>
    public void EnableMsix()
    {
        var at = Slot.Ask(card => card.Capabilities.OfType<Msix>().Single().Offset) + 2;
        Slot.WriteConfig(at, [0x00, 0x80]);
        for (var vector = 0; vector < 9; vector++) Slot.Write32(0, (ulong)(0x8000 + vector * 16 + 12), 0);
    }

    public void Settle(long nanoseconds = 1_000_000) => Bus.Time.Advance(nanoseconds);

    /// <summary>Runs a command to its end and gives back CMDSTS.</summary>
    public uint Command(int code, uint operand = 0, bool interrupt = false)
    {
        Slot.Write32(0, 0xA0, operand | (uint)code << 20 | (interrupt ? 1u << 31 : 0));
        Assert.Equal(1u << 31, Slot.Read32(0, 0xA8));
        Settle();
        return Slot.Read32(0, 0xA8);
    }

    public void Queue(int number, uint size = 16, uint mode = 0x11, uint transferShift = 16, uint batchShift = 10, uint threshold = 0)
    {
        var at = (ulong)(0x2000 + number * 32);
        Slot.Write32(0, at, size);
        Slot.Write32(0, at + 4, threshold);
        Slot.Write32(0, at + 8, mode);
        Slot.Write32(0, at + 12, transferShift | batchShift << 5);
    }

    public void Group(int number, ulong queues, ulong engines)
    {
        Slot.Write(0, (ulong)(0x1000 + number * 64), queues, 8);
        Slot.Write(0, (ulong)(0x1000 + number * 64 + 32), engines, 8);
    }

    /// <summary>Queue 0 and engine 0 in group 0, all enabled.</summary>
    public DsaRig Open(uint size = 16)
    {
        Queue(0, size);
        Group(0, 1, 1);
        Assert.Equal(0u, Command(1));
        Assert.Equal(0u, Command(6));
        return this;
    }

    public static DsaDescriptor Describe(DsaOperation operation, uint size = 64, ulong source = Source, ulong destination = Destination, uint flags = Asked, int record = 0, ushort handle = 0, ulong operand = 0)
        => new()
        {
            FlagsAndOperation = flags | (uint)operation << 24,
            CompletionAddress = Records + (ulong)record * 32,
            Source = source,
            Destination = destination,
            Size = size,
            InterruptHandle = handle,
            Operand = operand,
        };

    /// <summary>As a bridge cuts it: eight stores.</summary>
    public void Submit(in DsaDescriptor descriptor, ulong at = 0)
    {
        var bytes = MemoryMarshal.AsBytes(new ReadOnlySpan<DsaDescriptor>(in descriptor));
        for (var i = 0; i < 64; i += 8) Slot.Write(2, at + (ulong)i, bytes.Slice(i, 8));
    }

    public void PutInList(int index, in DsaDescriptor descriptor) => MemoryMarshal.Write(Bus.Memory[((int)List + index * 64)..], descriptor);

    /// <summary>Submits, waits, and gives back the completion record, which was zero before.</summary>
    public DsaCompletion Run(in DsaDescriptor descriptor)
    {
        Bus.Memory.Slice((int)descriptor.CompletionAddress & 0xF_FFFF, 32).Clear();
        Submit(descriptor);
        Settle();
        return Record((int)((descriptor.CompletionAddress - Records) / 32));
    }

    public DsaCompletion Record(int index = 0) => MemoryMarshal.Read<DsaCompletion>(Bus.Memory[((int)Records + index * 32)..]);

    public Span<byte> At(ulong address, int bytes) => Bus.Memory.Slice((int)address, bytes);

    public void Fill(ulong address, ReadOnlySpan<byte> bytes) => bytes.CopyTo(Bus.Memory[(int)address..]);

    public uint Occupancy(int queue = 0) => Slot.Read32(0, (ulong)(0x2000 + queue * 32 + 24)) & 0xFFFF;

    public uint QueueState(int queue = 0) => Slot.Read32(0, (ulong)(0x2000 + queue * 32 + 24)) >> 30;
}
