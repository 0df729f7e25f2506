using Understudy.Pci;

namespace Understudy.Devices;

/// <summary>Which card it is: the firmware's build options, and what the board says of itself. The defaults are current firmware
/// (engine version 5, 4096-entry rings, one lane) on a KCU1500.</summary>
public sealed record AxisG2Options
{
    /// <summary>Engine version, as the driver reads it: 3, 4 (with buffer groups) or 5 (with timeouts). Others are for trying a driver's checks.</summary>
    public int Version { get; init; } = 5;

    /// <summary>Base-two logarithm of the entries of each ring and FIFO: 4 to 32 in hardware, 12 on real boards. Any byte can be told to the driver.</summary>
    public int RingBits { get; init; } = 12;

    /// <summary>DMA channels: 1 to 8.</summary>
    public int Lanes { get; init; } = 1;

    /// <summary>Width of a DMA address. Hardware has 40, and descriptors can carry no more.</summary>
    public int AddressBits { get; init; } = 40;

    /// <summary>Bytes the data path moves in a clock; a received buffer is filled in units of it.</summary>
    public int BusBytes { get; init; } = 32;

    /// <summary>Frequency of the DMA clock, in MHz: what hold-off and timeout count.</summary>
    public int DmaClockMegahertz { get; init; } = 250;

    /// <summary>The engine speaks 128-bit descriptors. There is no hardware that says no; a driver must cope with a card that does.</summary>
    public bool Desc128 { get; init; } = true;

    /// <summary>An acknowledge erases a forced interrupt even where it was forced while the driver's handler was at work, as the hardware
    /// does: the wake-up is lost until the driver's next periodic force.</summary>
    public bool LosesForcedInterrupts { get; init; } = true;

    /// <summary>An interrupt that nobody has acknowledged for a second of device time is sent again, as axi-pcie-core does. Where device time
    /// jumps, a driver that acknowledges at once may meet it all the same.</summary>
    public bool RepeatsInterrupts { get; init; } = true;

    /// <summary>Has the MSI capability.</summary>
    public bool HasMsi { get; init; } = true;

    /// <summary>Has the MSI-X capability.</summary>
    public bool HasMsix { get; init; } = true;

    /// <summary>Where the MSI-X table and its pending bits are: in BAR 2, which has nothing else; or in BAR 0, at 0x38000 and 0x39000.</summary>
    public int MsixBar { get; init; } = 2;

    /// <summary>Has the INTx pin. There is no board without; with neither this nor the capabilities a driver gets no interrupt at all.</summary>
    public bool HasIntx { get; init; } = true;

    /// <summary>Hardware type, as in AxiVersion's user value 9: 0x0D is the XilinxKcu1500.</summary>
    public uint HardwareType { get; init; } = 0x0D;

    /// <summary>Buffers of each direction that the GPU core has: 1024 in hardware; 0 for firmware without one. Up to 2047 can be told to the driver.</summary>
    public int GpuBuffers { get; init; }

    /// <summary>Version of the GPU core, as the driver reads it; 4 is what is modelled.</summary>
    public int GpuVersion { get; init; } = 4;

    /// <summary>The GPU core is as SLAC's emulator has it. A write of 0 to its free list or read requests takes back what was written, as in
    /// memory; hardware takes any write for a request. And frames come of themselves: while writing is enabled, the next armed buffer gets a
    /// pseudo-random one of the largest size, five milliseconds after a buffer was armed or filled.</summary>
    public bool GpuAsEmulated { get; init; }

    /// <summary>AxiVersion's build string; cut off at 256 bytes, and not terminated if it is as long.</summary>
    public string BuildString { get; init; } = "understudy: AxisG2 model";

    /// <summary>Who the function says it is.</summary>
    public PciIdentity Identity { get; init; } = new(Vendor: 0x1A4A, Device: 0x2030, ClassCode: 0x118000, Revision: 1, SubsystemVendor: 0x1022, Subsystem: 0x000D);

    /// <summary>As SLAC's in-kernel emulator presents itself: rings of two entries, version 3, 64-bit addresses that no hardware has, a GPU core
    /// of four buffers.</summary>
    public static AxisG2Options SlacEmulator { get; } = new()
    {
        Version = 3,
        RingBits = 1,
        AddressBits = 64,
        BusBytes = 16,
        GpuBuffers = 4,
        GpuAsEmulated = true,
        HasMsix = false,
        HasMsi = false,
        BuildString = "understudy: AxisG2 model as SLAC's emulator",
        Identity = new(Vendor: 0x1A4A, Device: 0x2030, ClassCode: 0x028000, Revision: 1, SubsystemVendor: 0x1A4A, Subsystem: 0x2030),
    };

    internal long NanosecondsFor(ulong clocks) => clocks > long.MaxValue / 1000 ? long.MaxValue : (long)clocks * 1000 / DmaClockMegahertz;

    internal ulong ClocksIn(long nanoseconds) => (ulong)nanoseconds * (ulong)DmaClockMegahertz / 1000;

    internal AxisG2Options Checked()
    {
        if (MsixBar is not (0 or 2)) throw new ArgumentOutOfRangeException(nameof(MsixBar), $"the MSI-X table is in BAR 0 or 2, not {MsixBar}");
        if (Lanes is < 1 or > 8) throw new ArgumentOutOfRangeException(nameof(Lanes), $"the engine has 1 to 8 lanes, not {Lanes}");
        if (RingBits is < 0 or > 255) throw new ArgumentOutOfRangeException(nameof(RingBits), $"addrWidth is one byte, 12 on real boards, not {RingBits}");
        if (AddressBits is < 0 or > 255) throw new ArgumentOutOfRangeException(nameof(AddressBits), $"the address width is one byte, 40 on real boards, not {AddressBits}");
        if (Version is < 0 or > 255) throw new ArgumentOutOfRangeException(nameof(Version), $"the version is one byte, 3 to 5 on real boards, not {Version}");
        if (BusBytes is < 4 or > 128 || !System.Numerics.BitOperations.IsPow2(BusBytes)) throw new ArgumentOutOfRangeException(nameof(BusBytes), $"the data path is 4 to 128 bytes wide, a power of two, not {BusBytes}");
        if (DmaClockMegahertz is < 1 or > 1000) throw new ArgumentOutOfRangeException(nameof(DmaClockMegahertz), $"the DMA clock has 1 to 1000 MHz, not {DmaClockMegahertz}");
        if (GpuBuffers is < 0 or > 2047) throw new ArgumentOutOfRangeException(nameof(GpuBuffers), $"the GPU core has 0 to 1024 buffers, and up to 2047 to try a driver with, not {GpuBuffers}");
        if (GpuVersion is < 0 or > 255) throw new ArgumentOutOfRangeException(nameof(GpuVersion), $"the GPU core's version is one byte, 4 on real boards, not {GpuVersion}");
        return this;
    }
}
