using Understudy.Pci;

namespace Understudy.Devices;

/// <summary>AxiVersion (surf, AxiVersion.vhd): what firmware this is, who built it, how long it has run.</summary>
public static class AxiVersionRegisters
{
    /// <summary>All of it.</summary>
    public static readonly RegisterMap Map = new("AxiVersion", 0x4000);

    internal static readonly Register FpgaVersion = Map.R32(0x000);
    internal static readonly Register ScratchPad = Map.R32(0x004).ReadWrite();
    internal static readonly Register UpTimeCount = Map.R32(0x008);
    static readonly Register HaltReload = Map.R32(0x100).ReadWrite();
    static readonly Register FpgaReload = Map.R32(0x104).ReadWrite();
    static readonly Register FpgaReloadAddr = Map.R32(0x108).ReadWrite();
    internal static readonly Register UserReset = Map.R32(0x10C);
    internal static readonly Flag InUserReset = UserReset.Rw(0);
    static readonly RegisterArray FdValue = Map.Array(0x300, 2);
    internal static readonly RegisterArray UserValues = Map.Array(0x400, 64);
    static readonly Register DeviceId = Map.R32(0x500);
    internal static readonly RegisterArray GitHash = Map.Array(0x600, 40);
    internal static readonly RegisterArray DnaValue = Map.Array(0x700, 4);
    internal static readonly RegisterArray BuildString = Map.Array(0x800, 64);
}
