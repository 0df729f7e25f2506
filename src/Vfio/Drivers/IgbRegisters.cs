using Understudy.Pci;

namespace Understudy.Vfio;

/// <summary>What the driver uses of BAR 0 of an Intel 82576 (datasheet, chapter 8; the names are its own).</summary>
static class IgbRegisters
{
    public static readonly RegisterMap Map = new("82576", 0x2_0000);

    public static readonly Register Control = Map.R32(0x0000, name: "CTRL");
    public static readonly Flag Reset = Control.Rw(26);
    public static readonly Register Status = Map.R32(0x0008, name: "STATUS");
    public static readonly Flag LinkUp = Status.Ro(1);
    public static readonly Register ExtendedControl = Map.R32(0x0018, name: "CTRL_EXT");
    public static readonly Flag DriverLoaded = ExtendedControl.Rw(28);
    public static readonly Bits LinkMode = ExtendedControl.Rw(23, 22);
    public static readonly Register Mdi = Map.R32(0x0020, name: "MDIC");
    public static readonly Flag MdiReady = Mdi.Ro(28);
    public static readonly Flag MdiError = Mdi.Ro(30);
    public static readonly Register InterruptMaskClear = Map.R32(0x00D8, name: "IMC");
    public static readonly Register ReceiveControl = Map.R32(0x0100, name: "RCTL");
    public static readonly Register TransmitControl = Map.R32(0x0400, name: "TCTL");
    public static readonly Register GeneralInterrupts = Map.R32(0x1514, name: "GPIE");
    public static readonly Register CauseSet = Map.R32(0x1520, name: "EICS");
    public static readonly Register MaskSet = Map.R32(0x1524, name: "EIMS");
    public static readonly Register MaskClear = Map.R32(0x1528, name: "EIMC");
    public static readonly Register AutoClear = Map.R32(0x152C, name: "EIAC");
    public static readonly Register Cause = Map.R32(0x1580, name: "EICR");
    public static readonly Register ReceiveBaseLow = Map.R32(0x2800, name: "RDBAL");
    public static readonly Register ReceiveBaseHigh = Map.R32(0x2804, name: "RDBAH");
    public static readonly Register ReceiveBytes = Map.R32(0x2808, name: "RDLEN");
    public static readonly Register SplitReceive = Map.R32(0x280C, name: "SRRCTL");
    public static readonly Register ReceiveHead = Map.R32(0x2810, name: "RDH");
    public static readonly Register ReceiveTail = Map.R32(0x2818, name: "RDT");
    public static readonly Register ReceiveQueue = Map.R32(0x2828, name: "RXDCTL");
    public static readonly Flag ReceiveEnabled = ReceiveQueue.Rw(25);
    public static readonly Register TransmitBaseLow = Map.R32(0x3800, name: "TDBAL");
    public static readonly Register TransmitBaseHigh = Map.R32(0x3804, name: "TDBAH");
    public static readonly Register TransmitBytes = Map.R32(0x3808, name: "TDLEN");
    public static readonly Register TransmitHead = Map.R32(0x3810, name: "TDH");
    public static readonly Register TransmitTail = Map.R32(0x3818, name: "TDT");
    public static readonly Register TransmitQueue = Map.R32(0x3828, name: "TXDCTL");
    public static readonly Flag TransmitEnabled = TransmitQueue.Rw(25);
    public static readonly Register PcieControl = Map.R32(0x5B00, name: "GCR");
    public static readonly Flag CompletionTimeoutResend = PcieControl.Rw(16);
}
