using Understudy.Pci;

namespace Examples;

/// <summary>As much of an RTL8111 as a driver needs to learn that the cable came or went.</summary>
public sealed class Rtl8111Link : PciDevice
{
    public static class Mac
    {
        public static readonly RegisterMap Map = new("MAC", size: 256);

        public static readonly Register ChipCmd    = Map.R8(0x37);          // names come from the identifiers
        public static readonly Flag     SoftReset  = ChipCmd.Pulse(4);
        public static readonly Flag     RxEnable   = ChipCmd.Rw(3);
        public static readonly Flag     TxEnable   = ChipCmd.Rw(2);

        public static readonly Register IntrMask   = Map.R16(0x3C);
        public static readonly Bits     Unmasked   = IntrMask.Rw(15, 0);

        public static readonly Register IntrStatus = Map.R16(0x3E);
        public static readonly Flag     LinkChange = IntrStatus.W1c(5);     // writing a one clears it

        public static readonly Register PhyStatus  = Map.R8(0x6C);
        public static readonly Flag     LinkOk     = PhyStatus.Ro(1);
    }

    readonly RegisterFile _mac;
    readonly InterruptBlock _interrupt;

    public Rtl8111Link() : base(new PciIdentity(Vendor: 0x10EC, Device: 0x8168, ClassCode: 0x020000, Revision: 6))
    {
        Has(new Msi());
        _mac = Bar(2, Mac.Map);
        _interrupt = Interrupt(vector: 0, _mac, Mac.IntrStatus, Mac.IntrMask);   // asserted while status & mask is not zero
        _mac.OnWrite(Mac.ChipCmd, write => { if (write.Sets(Mac.SoftReset)) _mac.Reset(); });
    }

    public bool CablePluggedIn
    {
        get => _mac[Mac.LinkOk];
        set
        {
            if (_mac[Mac.LinkOk] == value) return;
            _mac[Mac.LinkOk] = value;
            _interrupt.Raise(Mac.LinkChange);
        }
    }
}
