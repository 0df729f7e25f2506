using Understudy.Pci;

namespace Understudy.Devices;

/// <summary>The registers of BAR 2, by the names of Realtek's RTL8111B/RTL8168B register datasheet and, for what came later, of
/// drivers/net/ethernet/realtek/r8169_main.c. Every byte up to 0xff is declared: the driver's register dump reads them all.</summary>
public static class Rtl8111Registers
{
    /// <summary>All of them.</summary>
    public static readonly RegisterMap Map = new("RTL8111", 4096);

    internal static readonly Register IDR0 = Map.R32(0x00).ReadWrite();
    internal static readonly Register IDR4 = Map.R16(0x04).ReadWrite();
    static readonly Register Reserved06 = Map.R16(0x06);
    internal static readonly Register MAR0 = Map.R32(0x08).ReadWrite();
    internal static readonly Register MAR4 = Map.R32(0x0C).ReadWrite();

    internal static readonly Register CounterAddrLow = Map.R32(0x10);
    internal static readonly Bits CounterAddress = CounterAddrLow.Rw(31, 6);
    internal static readonly Flag CounterDump = CounterAddrLow.Rw(3);
    internal static readonly Flag CounterReset = CounterAddrLow.Rw(0);
    internal static readonly Register CounterAddrHigh = Map.R32(0x14).ReadWrite();
    static readonly Register LedControl = Map.R16(0x18).ReadWrite();
    static readonly Register LedFrequency = Map.R8(0x1A).ReadWrite();
    static readonly Register EeeLed = Map.R8(0x1B).ReadWrite();
    static readonly Register Reserved1C = Map.R32(0x1C);

    internal static readonly Register TxDescStartAddrLow = Map.R32(0x20);
    internal static readonly Bits TxRing = TxDescStartAddrLow.Rw(31, 8);
    internal static readonly Register TxDescStartAddrHigh = Map.R32(0x24).ReadWrite();
    internal static readonly Register TxHDescStartAddrLow = Map.R32(0x28);
    internal static readonly Bits TxHighRing = TxHDescStartAddrLow.Rw(31, 8);
    internal static readonly Register TxHDescStartAddrHigh = Map.R32(0x2C).ReadWrite();
    static readonly Register Flash = Map.R32(0x30).Todo();
    static readonly Register RxByteCount = Map.R16(0x34);
    static readonly Register EarlyRxStatus = Map.R8(0x36);

    internal static readonly Register ChipCmd = Map.R8(0x37);
    internal static readonly Flag StopRequest = ChipCmd.Rw(7);
    internal static readonly Flag Reset = ChipCmd.Rw(4);
    internal static readonly Flag RxEnable = ChipCmd.Rw(3);
    internal static readonly Flag TxEnable = ChipCmd.Rw(2);

    internal static readonly Register TxPoll = Map.R8(0x38);
    internal static readonly Flag PollHighQueue = TxPoll.Rw(7);
    internal static readonly Flag PollNormalQueue = TxPoll.Rw(6);
    internal static readonly Flag ForceSoftwareInterrupt = TxPoll.Pulse(0);
    static readonly Register Reserved39 = Map.R8(0x39);
    static readonly Register Reserved3A = Map.R16(0x3A);

    internal static readonly Register IntrMask = Map.R16(0x3C).ReadWrite();
    internal static readonly Register IntrStatus = Map.R16(0x3E);
    internal static readonly Flag RxOk = IntrStatus.W1c(0);
    internal static readonly Flag RxError = IntrStatus.W1c(1);
    internal static readonly Flag TxOk = IntrStatus.W1c(2);
    internal static readonly Flag TxError = IntrStatus.W1c(3);
    internal static readonly Flag RxDescUnavailable = IntrStatus.W1c(4);
    internal static readonly Flag LinkChange = IntrStatus.W1c(5);
    internal static readonly Flag RxFifoOverflow = IntrStatus.W1c(6);
    internal static readonly Flag TxDescUnavailable = IntrStatus.W1c(7);
    internal static readonly Flag SoftwareInterrupt = IntrStatus.W1c(8);
    internal static readonly Flag TimeOut = IntrStatus.W1c(14);
    internal static readonly Flag SystemError = IntrStatus.W1c(15);

    internal static readonly Register TxConfig = Map.R32(0x40);
    internal static readonly Bits VersionHigh = TxConfig.Ro(31, 26);
    internal static readonly Bits InterFrameGap = TxConfig.Rw(25, 24);
    internal static readonly Bits VersionLow = TxConfig.Ro(23, 20);
    internal static readonly Bits Loopback = TxConfig.Todo(18, 17);
    internal static readonly Flag NoCrc = TxConfig.Rw(16);
    internal static readonly Flag TxAutoFifo = TxConfig.Rw(7);
    internal static readonly Bits TxDmaBurst = TxConfig.Rw(10, 8);

    internal static readonly Register RxConfig = Map.R32(0x44);
    internal static readonly Flag AcceptAllPhys = RxConfig.Rw(0);
    internal static readonly Flag AcceptMyPhys = RxConfig.Rw(1);
    internal static readonly Flag AcceptMulticast = RxConfig.Rw(2);
    internal static readonly Flag AcceptBroadcast = RxConfig.Rw(3);
    internal static readonly Flag AcceptRunt = RxConfig.Rw(4);
    internal static readonly Flag AcceptError = RxConfig.Rw(5);
    internal static readonly Bits RxFetch = RxConfig.Rw(31, 6);

    internal static readonly Register TimerCount = Map.R32(0x48).ReadWrite();
    internal static readonly Register MissedPackets = Map.R32(0x4C);
    internal static readonly Register Cfg9346 = Map.R8(0x50);
    internal static readonly Bits EepromMode = Cfg9346.Rw(7, 6);
    internal static readonly Bits EepromPins = Cfg9346.Rw(3, 0);
    static readonly Register Config0 = Map.R8(0x51);
    internal static readonly Register Config1 = Map.R8(0x52, reset: 0x0F).ReadWrite();
    internal static readonly Register Config2 = Map.R8(0x53).ReadWrite();

    internal static readonly Register Config3 = Map.R8(0x54);
    internal static readonly Bits Config3High = Config3.Rw(7, 6);
    internal static readonly Flag MagicPacket = Config3.Rw(5);
    internal static readonly Flag WakeOnLinkUp = Config3.Rw(4);
    internal static readonly Flag Config3Bit3 = Config3.Rw(3);
    internal static readonly Flag JumboEnable0 = Config3.Rw(2);
    internal static readonly Bits Config3Low = Config3.Rw(1, 0);
    internal static readonly Register Config4 = Map.R8(0x55).ReadWrite();
    internal static readonly Register Config5 = Map.R8(0x56).ReadWrite();
    static readonly Register Reserved57 = Map.R8(0x57);
    static readonly Register TimerInterrupt = Map.R32(0x58).Todo();
    static readonly Register Reserved5C = Map.R32(0x5C);

    internal static readonly Register Phyar = Map.R32(0x60);
    internal static readonly Flag PhyarFlag = Phyar.Rw(31);
    internal static readonly Bits PhyRegister = Phyar.Rw(20, 16);
    internal static readonly Bits PhyData = Phyar.Rw(15, 0);
    internal static readonly Register Csidr = Map.R32(0x64).ReadWrite();
    internal static readonly Register Csiar = Map.R32(0x68).ReadWrite();

    internal static readonly Register PhyStatus = Map.R8(0x6C);
    internal static readonly Flag FullDuplex = PhyStatus.Ro(0);
    internal static readonly Flag LinkStatus = PhyStatus.Ro(1);
    internal static readonly Flag Speed10 = PhyStatus.Ro(2);
    internal static readonly Flag Speed100 = PhyStatus.Ro(3);
    internal static readonly Flag Speed1000 = PhyStatus.Ro(4);
    static readonly Register Reserved6D = Map.R8(0x6D);
    static readonly Register Reserved6E = Map.R8(0x6E);
    static readonly Register Pmch = Map.R8(0x6F).ReadWrite();

    internal static readonly Register Eridr = Map.R32(0x70).ReadWrite();
    internal static readonly Register Eriar = Map.R32(0x74).ReadWrite();
    static readonly Register Reserved78 = Map.R32(0x78);
    static readonly Register EphyRxErrorNumber = Map.R32(0x7C).ReadWrite();
    internal static readonly Register Ephyar = Map.R32(0x80).ReadWrite();
    static readonly IReadOnlyList<Bits> WakeupFrames = Map.Array(0x84, 11).Field(31, 0, Access.NotModelled);
    internal static readonly Register Ocpdr = Map.R32(0xB0).ReadWrite();
    internal static readonly Register Ocpar = Map.R32(0xB4).ReadWrite();
    static readonly Register GphyOcp = Map.R32(0xB8).Todo();
    static readonly RegisterArray ReservedBC = Map.Array(0xBC, 2);
    static readonly IReadOnlyList<Bits> WakeupCrcs = Map.Array(0xC4, 5, bytes: 2).Field(15, 0, Access.NotModelled);
    static readonly Register ReservedCE = Map.R16(0xCE);
    static readonly Register DllPower = Map.R8(0xD0).ReadWrite();
    static readonly Register Debug = Map.R8(0xD1).ReadWrite();
    static readonly Register Twsi = Map.R8(0xD2).ReadWrite();
    static readonly Register Mcu = Map.R8(0xD3).ReadWrite();
    static readonly Register ReservedD4 = Map.R32(0xD4);
    static readonly Register ReservedD8 = Map.R16(0xD8);
    internal static readonly Register RxMaxSize = Map.R16(0xDA).ReadWrite();
    static readonly Register Efusear = Map.R32(0xDC).Todo();

    internal static readonly Register CPlusCmd = Map.R16(0xE0);
    internal static readonly Bits MitigationScale = CPlusCmd.Rw(1, 0);
    internal static readonly Bits CPlusLow = CPlusCmd.Rw(4, 2);
    internal static readonly Flag RxChecksum = CPlusCmd.Rw(5);
    internal static readonly Flag RxVlan = CPlusCmd.Rw(6);
    internal static readonly Bits CPlusHigh = CPlusCmd.Rw(15, 7);

    internal static readonly Register IntrMitigate = Map.R16(0xE2);
    internal static readonly Bits TxMitigateTime = IntrMitigate.Rw(15, 12);
    internal static readonly Bits TxMitigateFrames = IntrMitigate.Rw(11, 8);
    internal static readonly Bits RxMitigateTime = IntrMitigate.Rw(7, 4);
    internal static readonly Bits RxMitigateFrames = IntrMitigate.Rw(3, 0);

    internal static readonly Register RxDescAddrLow = Map.R32(0xE4);
    internal static readonly Bits RxRing = RxDescAddrLow.Rw(31, 8);
    internal static readonly Register RxDescAddrHigh = Map.R32(0xE8).ReadWrite();
    static readonly Register MaxTxPacketSize = Map.R8(0xEC).ReadWrite();
    static readonly Register ReservedED = Map.R8(0xED);
    static readonly Register ReservedEE = Map.R16(0xEE);
    static readonly Register Misc = Map.R32(0xF0).ReadWrite();
    static readonly Register FunctionEventMask = Map.R32(0xF4).ReadWrite();
    static readonly Register FunctionPresetState = Map.R32(0xF8).ReadWrite();
    static readonly Register FunctionForceEvent = Map.R32(0xFC).ReadWrite();
}
