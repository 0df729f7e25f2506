using Understudy.Pci;

namespace Understudy.Devices;

/// <summary>BAR 0: the controller's properties, the doorbells and room for the MSI-X table (NVM Express Base 1.4, 3.1; names are its own).</summary>
static class NvmeRegisters
{
    public const int MostQueues = 64;       // I/O queue pairs
    public const int MostEntries = 1024;    // of an I/O queue
    public const int MsixTable = 0x2000, MsixPending = 0x3000;

    // Largest queue, contiguous queues, 10 s until ready, the NVM command set, pages of 4 to 64 KiB.
    const ulong Capabilities = (MostEntries - 1) | 1UL << 16 | 20UL << 24 | 1UL << 37 | 4UL << 52;

    public static readonly RegisterMap Map = new("NVMe", size: 0x4000);

    internal static readonly Register CAP = Map.R64(0x00, Capabilities);
    static readonly Bits MQES = CAP.Ro(15, 0);
    static readonly Flag CQR = CAP.Ro(16);
    static readonly Bits TO = CAP.Ro(31, 24);
    static readonly Bits DSTRD = CAP.Ro(35, 32);
    static readonly Bits CommandSets = CAP.Ro(44, 37);
    static readonly Bits MPSMIN = CAP.Ro(51, 48);
    static readonly Bits MPSMAX = CAP.Ro(55, 52);

    static readonly Register VS = Map.R32(0x08, 0x0001_0400);
    internal static readonly Register INTMS = Map.R32(0x0C);
    internal static readonly Register INTMC = Map.R32(0x10);

    internal static readonly Register CC = Map.R32(0x14);
    internal static readonly Flag EN = CC.Rw(0);
    internal static readonly Bits CSS = CC.Rw(6, 4);
    internal static readonly Bits MPS = CC.Rw(10, 7);
    internal static readonly Bits AMS = CC.Rw(13, 11);
    internal static readonly Bits SHN = CC.Rw(15, 14);
    internal static readonly Bits IOSQES = CC.Rw(19, 16);
    internal static readonly Bits IOCQES = CC.Rw(23, 20);

    static readonly Register Reserved18 = Map.R32(0x18);
    internal static readonly Register CSTS = Map.R32(0x1C);
    internal static readonly Flag RDY = CSTS.Ro(0);
    internal static readonly Flag CFS = CSTS.Ro(1);
    internal static readonly Bits SHST = CSTS.Ro(3, 2);
    static readonly Register NSSR = Map.R32(0x20);

    internal static readonly Register AQA = Map.R32(0x24);
    internal static readonly Bits ASQS = AQA.Rw(11, 0);
    internal static readonly Bits ACQS = AQA.Rw(27, 16);
    internal static readonly Register ASQ = Map.R64(0x28);
    static readonly Bits ASQB = ASQ.Rw(63, 12);
    internal static readonly Register ACQ = Map.R64(0x30);
    static readonly Bits ACQB = ACQ.Rw(63, 12);

    static readonly Register CMBLOC = Map.R32(0x38);
    static readonly Register CMBSZ = Map.R32(0x3C);
    static readonly Register BPINFO = Map.R32(0x40);
    static readonly Register PMRCAP = Map.R32(0xE00);

    internal static readonly RegisterArray SQTDBL = Map.Array(0x1000, MostQueues + 1, stride: 8);
    internal static readonly IReadOnlyList<Bits> SQT = SQTDBL.Field(15, 0, Access.WriteOnly);
    internal static readonly RegisterArray CQHDBL = Map.Array(0x1004, MostQueues + 1, stride: 8);
    internal static readonly IReadOnlyList<Bits> CQH = CQHDBL.Field(15, 0, Access.WriteOnly);
}
