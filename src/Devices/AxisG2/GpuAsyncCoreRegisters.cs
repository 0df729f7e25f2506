using Understudy.Pci;

namespace Understudy.Devices;

/// <summary>GpuAsyncCore version 4 (axi-pcie-core, AxiPcieGpuAsyncControl.vhd and AxiPcieGpuAsyncCore.vhd): frames to and from buffers of a
/// GPU, which rings for them itself.</summary>
public static class GpuAsyncCoreRegisters
{
    /// <summary>All of it.</summary>
    public static readonly RegisterMap Map = new("GpuAsyncCore", 0x8000);

    /// <summary>Buffers of each direction that there are registers for.</summary>
    public const int MostBuffers = 1024;

    internal static readonly Register Buffers = Map.R32(0x000);
    internal static readonly Bits MaxBuffers = Buffers.Ro(15, 0);
    internal static readonly Register Axi = Map.R32(0x004);
    static readonly Bits ArCache = Axi.Rw(3, 0);
    static readonly Bits AwCache = Axi.Rw(11, 8);
    internal static readonly Bits DmaDataBytes = Axi.Ro(23, 16);
    internal static readonly Register Control = Map.R32(0x008);
    internal static readonly Bits WriteCount = Control.Rw(14, 0);
    internal static readonly Flag WriteEnable = Control.Rw(15);
    internal static readonly Bits ReadCount = Control.Rw(30, 16);
    internal static readonly Flag ReadEnable = Control.Rw(31);
    internal static readonly Register RxFrameCnt = Map.R32(0x010);
    internal static readonly Register TxFrameCnt = Map.R32(0x014);
    internal static readonly Register AxiWriteErrorCnt = Map.R32(0x018);
    internal static readonly Register AxiReadErrorCnt = Map.R32(0x01C);
    internal static readonly Register CountReset = Map.R32(0x020);
    internal static readonly Flag CntRst = CountReset.Pulse(0);
    internal static readonly Register AxiWriteErrorVal = Map.R32(0x024);
    internal static readonly Register AxiReadErrorVal = Map.R32(0x028);
    internal static readonly Register CoreVersion = Map.R32(0x030);
    internal static readonly Bits Version = CoreVersion.Ro(7, 0);
    internal static readonly Register AxiWriteTimeoutErrorCnt = Map.R32(0x034);
    internal static readonly Register AxisDeMuxSelect = Map.R32(0x038, reset: 1);
    internal static readonly Flag StreamToGpu = AxisDeMuxSelect.Rw(0);
    internal static readonly Register MinWriteBuffer = Map.R32(0x03C);
    internal static readonly Register MaxReadBuffer = Map.R32(0x040);
    internal static readonly Register RemoteWriteMaxSize = Map.R32(0x060, reset: 1).ReadWrite();

    /// <summary>Latencies that hardware measures for buffer 0; here they read 0.</summary>
    internal static readonly RegisterArray Latencies = Map.Array(0x0C0, 16);

    /// <summary>Stream monitors.</summary>
    public static readonly MemoryWindow StreamMonitors = Map.Memory(0x100, 0x200);

    /// <summary>A word for each write buffer: written, the buffer is free for a frame.</summary>
    public static readonly MemoryWindow WriteFreeList = Map.Memory(0x2000, 4 * MostBuffers);

    /// <summary>A word for each read buffer: written with a size, so many bytes of it are sent.</summary>
    public static readonly MemoryWindow ReadRequests = Map.Memory(0x3000, 4 * MostBuffers);

    /// <summary>The bus address of each write buffer, 64 bits.</summary>
    public static readonly MemoryWindow RemoteWriteAddress = Map.Memory(0x4000, 8 * MostBuffers);

    /// <summary>The bus address of each read buffer, 64 bits.</summary>
    public static readonly MemoryWindow RemoteReadAddress = Map.Memory(0x6000, 8 * MostBuffers);
}
