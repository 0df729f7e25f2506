using Understudy.Pci;

namespace Understudy.Devices;

/// <summary>BAR 0 of a card with SLAC's AXI-Stream DMA version 2 engine: the engine itself (surf, AxiStreamDmaV2Desc), AxiVersion, and the
/// AXI-Lite windows behind it (axi-pcie-core, the register map of its PCIe core), 16 MiB in all.</summary>
public static class AxisG2Registers
{
    /// <summary>All of it.</summary>
    public static readonly RegisterMap Map = new("AxisG2", 0x100_0000);

    internal static readonly Register EnableVer = Map.R32(0x000);
    internal static readonly Flag Enable = EnableVer.Rw(0);
    internal static readonly Bits EnableCnt = EnableVer.Ro(15, 8);
    internal static readonly Flag Desc128En = EnableVer.Ro(16);
    internal static readonly Bits Version = EnableVer.Ro(31, 24);
    internal static readonly Register IntEnable = Map.R32(0x004);
    internal static readonly Flag InterruptsOn = IntEnable.Rw(0);
    internal static readonly Register ContEnable = Map.R32(0x008);
    internal static readonly Flag SplitFrames = ContEnable.Rw(0);
    internal static readonly Register DropEnable = Map.R32(0x00C);
    internal static readonly Flag DropFrames = DropEnable.Rw(0);
    internal static readonly Register WrBaseAddrLow = Map.R32(0x010).ReadWrite();
    internal static readonly Register WrBaseAddrHigh = Map.R32(0x014).ReadWrite();
    internal static readonly Register RdBaseAddrLow = Map.R32(0x018).ReadWrite();
    internal static readonly Register RdBaseAddrHigh = Map.R32(0x01C).ReadWrite();
    internal static readonly Register FifoReset = Map.R32(0x020, reset: 1);
    internal static readonly Flag HoldFifos = FifoReset.Rw(0);
    static readonly Register Spare = Map.R32(0x024);
    internal static readonly Register MaxSize = Map.R32(0x028).ReadWrite();
    internal static readonly Register Online = Map.R32(0x02C).ReadWrite();
    internal static readonly Register Acknowledge = Map.R32(0x030);
    internal static readonly Flag AcknowledgePulse = Acknowledge.Pulse(0);
    internal static readonly Register ChannelCount = Map.R32(0x034);
    internal static readonly Bits Channels = ChannelCount.Ro(7, 0);
    internal static readonly Bits AddressBits = ChannelCount.Ro(15, 8);
    internal static readonly Bits BusBytes = ChannelCount.Ro(23, 16);
    internal static readonly Register AddrWidth = Map.R32(0x038);
    internal static readonly Bits RingBits = AddrWidth.Ro(31, 0);
    internal static readonly Register CacheConfig = Map.R32(0x03C);
    static readonly Bits CacheDescriptorWrite = CacheConfig.Rw(3, 0);
    static readonly Bits CacheBufferWrite = CacheConfig.Rw(11, 8);
    static readonly Bits CacheBufferRead = CacheConfig.Rw(15, 12);
    internal static readonly Register ReadFifoA = Map.R32(0x040);
    internal static readonly Register ReadFifoB = Map.R32(0x044);
    internal static readonly Register WriteFifoA = Map.R32(0x048);
    internal static readonly Register IntAckAndEnable = Map.R32(0x04C);
    internal static readonly Register IntReqCount = Map.R32(0x050);
    internal static readonly Register HwWrIndex = Map.R32(0x054);
    internal static readonly Register HwRdIndex = Map.R32(0x058);
    internal static readonly Register WrReqMissed = Map.R32(0x05C);
    internal static readonly Register ReadFifoC = Map.R32(0x060);
    internal static readonly Register ReadFifoD = Map.R32(0x064);
    internal static readonly Register WriteFifoB = Map.R32(0x070);
    internal static readonly Register ForceInt = Map.R32(0x080);
    internal static readonly Flag Forced = ForceInt.Rw(0);
    internal static readonly Register IrqHoldOff = Map.R32(0x084, reset: 10_000);
    internal static readonly Bits HoldOffClocks = IrqHoldOff.Rw(15, 0);
    internal static readonly Register WriteTimeout = Map.R32(0x088, reset: 0xFFFF, name: "Timeout").ReadWrite();
    internal static readonly RegisterArray BgThold = Map.Array(0x090, 8).ReadWrite();
    internal static readonly RegisterArray BgCount = Map.Array(0x0B0, 8);

    /// <summary>PCIe PHY.</summary>
    public static readonly MemoryWindow PciePhy = Map.Memory(0x1_0000, 0x1_0000);

    /// <summary>AxiVersion.</summary>
    public static readonly RegisterBlock AxiVersion = Map.Include(0x2_0000, AxiVersionRegisters.Map);

    /// <summary>SYSMON.</summary>
    public static readonly MemoryWindow Sysmon = Map.Memory(0x2_4000, 0x4000);

    /// <summary>The GPU core.</summary>
    public static readonly RegisterBlock GpuAsyncCore = Map.Include(0x2_8000, GpuAsyncCoreRegisters.Map);

    /// <summary>Boot flash over BPI.</summary>
    public static readonly MemoryWindow Bpi = Map.Memory(0x3_0000, 0x1_0000);

    /// <summary>Boot flash over SPI.</summary>
    public static readonly MemoryWindow Spi = Map.Memory(0x4_0000, 0x2_0000);

    /// <summary>AXI stream monitors, inbound and outbound.</summary>
    public static readonly MemoryWindow StreamMonitors = Map.Memory(0x6_0000, 0x1_0000);

    /// <summary>I2C.</summary>
    public static readonly MemoryWindow I2c = Map.Memory(0x7_0000, 0x1_0000);

    /// <summary>The PIP window.</summary>
    public static readonly MemoryWindow Pip = Map.Memory(0x8_0000, 0x8_0000);

    /// <summary>The application's registers: 15 MiB that a firmware gives its own meaning; here plain memory.</summary>
    public static readonly MemoryWindow Application = Map.Memory(0x10_0000, 0xF0_0000);
}
