using Understudy.Pci;

namespace Understudy.Devices;

/// <summary>The registers of a <see cref="Ditto"/>, BAR 0; the datasheet is the README beside this file.</summary>
public static class DittoRegisters
{
    /// <summary>All of them.</summary>
    public static readonly RegisterMap Map = new("Ditto", 0x1000);

    internal static readonly Register Id = Map.R32(0x00, reset: 0xD1770001);

    internal static readonly Register Capabilities = Map.R32(0x04, reset: 100 << 16 | 64 << 8 | 5);
    static readonly Bits ClockMhz = Capabilities.Ro(31, 16);
    static readonly Bits MaxLengthKib = Capabilities.Ro(15, 8);
    internal static readonly Bits MaxRingBits = Capabilities.Ro(7, 0);

    internal static readonly Register Control = Map.R32(0x08);
    internal static readonly Flag Enable = Control.Rw(0);
    internal static readonly Flag Reset = Control.Rw(1);

    internal static readonly Register Status = Map.R32(0x0C, reset: 1);
    internal static readonly Flag Ready = Status.Ro(0);
    internal static readonly Flag Busy = Status.Ro(1);
    internal static readonly Flag Stopped = Status.Ro(2);

    internal static readonly Register IntStatus = Map.R32(0x10);
    internal static readonly Flag Done = IntStatus.W1c(0);
    internal static readonly Flag Error = IntStatus.W1c(1);
    internal static readonly Flag Button = IntStatus.W1c(2);

    internal static readonly Register IntMask = Map.R32(0x14);
    static readonly Bits Unmasked = IntMask.Rw(2, 0);

    internal static readonly Register CommandRing = Map.R64(0x18).ReadWrite();
    internal static readonly Register CompletionRing = Map.R64(0x20).ReadWrite();

    internal static readonly Register RingSize = Map.R32(0x28);
    internal static readonly Bits RingBits = RingSize.Rw(3, 0);

    internal static readonly Register Doorbell = Map.R32(0x2C);
    static readonly Bits Producer = Doorbell.Wo(31, 0);

    internal static readonly Register Serial = Map.R32(0x30, reset: 0x39300000);    // 12345, the highest byte first
    internal static readonly Register Presses = Map.R32(0x34);
    internal static readonly MemoryWindow Name = Map.Memory(0x40, 32);
}
