using Understudy.Pci;

namespace Understudy.Machine.Tests;

/// <summary>What tests/drivers/umprobe drives: registers, an interrupt in the middle of a read, memory, and a BAR of 32 MiB.</summary>
sealed class TransportCard : PciDevice
{
    static class Near
    {
        public static readonly RegisterMap Map = new("NEAR", size: 0x4000);
        public static readonly Register Echo = Map.R32(0x00, name: "Echo").ReadWrite();
        public static readonly Register Trigger = Map.R32(0x04, name: "Trigger");
        public static readonly Register Level = Map.R32(0x08, name: "Level").ReadWrite();
        public static readonly MemoryWindow Memory = Map.Memory(0x1000, 0x2000);
    }

    static class Far
    {
        public static readonly RegisterMap Map = new("FAR", size: 32 << 20);
        public static readonly Register Echo = Map.R32(20 << 20, name: "Echo").ReadWrite();

        static Far() => _ = Echo;
    }

    readonly InterruptLine _line;
    uint _reads;

    public TransportCard() : base(new PciIdentity(Vendor: 0x1234, Device: 0xDEFE, ClassCode: 0xFF_00_00))
    {
        Has(new Msi());
        HasIntx();
        _line = Interrupt();
        Bar(0, Near.Map).OnRead(Near.Trigger, Trigger).OnWrite(Near.Level, write => _line.Set(write.New != 0));
        Bar(2, Far.Map);
    }

    // On its way before the read that raised it is answered.
    ulong Trigger()
    {
        _line.Pulse();
        return ++_reads;
    }
}
