using Understudy.Pci;

namespace Understudy.Bench;

/// <summary>A card that does one small thing for each bench: a register to read, a doorbell that interrupts, a sink for writes, DMA.</summary>
sealed class BenchCard : PciDevice
{
    /// <summary>As probe.c and the module take it.</summary>
    public const string Id = "1234:0be1";

    static class Regs
    {
        public static readonly RegisterMap Map = new("BENCH", 4096);
        public static readonly Register Scratch = Map.R32(0x04, reset: 0x5c5c5c5c).ReadWrite();
        public static readonly Register Doorbell = Map.R32(0x08).ReadWrite();
        public static readonly Register Sink = Map.R32(0x10).ReadWrite();
    }

    public BenchCard() : base(new PciIdentity(Vendor: 0x1234, Device: 0x0be1, ClassCode: 0xFF0000))
    {
        var registers = Bar(0, Regs.Map);
        Has(new Msi(1));
        Has(new PciExpress());
        var line = Interrupt();
        registers.OnWrite(Regs.Doorbell, _ => line.Pulse());
        registers.OnWrite(Regs.Sink, _ => Sunk++);
    }

    /// <summary>Writes that reached the sink.</summary>
    public long Sunk { get; private set; }

    public bool Fetch(ulong address, Span<byte> destination) => Dma.Read(address, destination);

    public bool Store(ulong address, ReadOnlySpan<byte> source) => Dma.Write(address, source);
}
