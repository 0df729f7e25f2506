using Understudy.Pci;

namespace Understudy.Devices;

/// <summary>The registers of a <see cref="Ditto"/>, BAR 0; the datasheet is the README beside this file.</summary>
public static class DittoRegisters
{
    /// <summary>All of them.</summary>
    public static readonly RegisterMap Map = new("Ditto", 0x1000);

    /// <summary>What the card says it is: 0xD1770001.</summary>
    public static readonly Register Id = Map.R32(0x00, reset: 0xD1770001);

    /// <summary>What it can do.</summary>
    public static readonly Register Capabilities = Map.R32(0x04, reset: 100 << 16 | 64 << 8 | 5);
    static readonly Bits ClockMhz = Capabilities.Ro(31, 16);
    /// <summary>KiB of the longest copy.</summary>
    public static readonly Bits MaxLengthKib = Capabilities.Ro(15, 8);
    /// <summary>The most entries a ring has, as a power of two.</summary>
    public static readonly Bits MaxRingBits = Capabilities.Ro(7, 0);

    /// <summary>Switches.</summary>
    public static readonly Register Control = Map.R32(0x08);
    /// <summary>The engine runs; setting it starts both rings at 0.</summary>
    public static readonly Flag Enable = Control.Rw(0);
    /// <summary>Setting it resets the card, which takes some time.</summary>
    public static readonly Flag Reset = Control.Rw(1);

    /// <summary>What it does.</summary>
    public static readonly Register Status = Map.R32(0x0C, reset: 1);
    /// <summary>It is not in reset.</summary>
    public static readonly Flag Ready = Status.Ro(0);
    /// <summary>There are commands it has not completed.</summary>
    public static readonly Flag Busy = Status.Ro(1);
    /// <summary>A ring could not be read or written; nothing goes on until a reset.</summary>
    public static readonly Flag Stopped = Status.Ro(2);

    /// <summary>Causes of interrupts, each cleared by a one.</summary>
    public static readonly Register IntStatus = Map.R32(0x10);
    /// <summary>A copy was made.</summary>
    public static readonly Flag Done = IntStatus.W1c(0);
    /// <summary>A copy failed, or the engine stopped.</summary>
    public static readonly Flag Error = IntStatus.W1c(1);
    /// <summary>The button was pressed.</summary>
    public static readonly Flag Button = IntStatus.W1c(2);

    /// <summary>Causes that interrupt.</summary>
    public static readonly Register IntMask = Map.R32(0x14);
    static readonly Bits Unmasked = IntMask.Rw(2, 0);

    /// <summary>Where commands are, 32 bytes each.</summary>
    public static readonly Register CommandRing = Map.R64(0x18).ReadWrite();
    /// <summary>Where completions go, 16 bytes each.</summary>
    public static readonly Register CompletionRing = Map.R64(0x20).ReadWrite();

    /// <summary>How many entries each ring has.</summary>
    public static readonly Register RingSize = Map.R32(0x28);
    /// <summary>As a power of two.</summary>
    public static readonly Bits RingBits = RingSize.Rw(3, 0);

    /// <summary>How many commands there are since the engine was enabled.</summary>
    public static readonly Register Doorbell = Map.R32(0x2C);
    static readonly Bits Producer = Doorbell.Wo(31, 0);

    /// <summary>The serial number, the highest byte first.</summary>
    public static readonly Register Serial = Map.R32(0x30, reset: 0x39300000);    // 12345, the highest byte first
    /// <summary>How often the button was pressed.</summary>
    public static readonly Register Presses = Map.R32(0x34);
    /// <summary>The card's name, ended by a 0.</summary>
    public static readonly MemoryWindow Name = Map.Memory(0x40, 32);
}
