using System.Buffers.Binary;
using System.Numerics;
using System.Text;

namespace Understudy.Devices;

/// <summary>The data structures of the Identify command (NVM Express Base 1.4, 5.15).</summary>
sealed class NvmeIdentify(Nvme nvme, string serial)
{
    public const int Bytes = 4096;
    public const string Firmware = "1.0";
    public const ushort WarningTemperature = 273 + 70;

    const string Model = "Understudy NVMe";
    const byte ThinProvisioned = 0, ReadsZeroes = 0b0000_1001;     // deallocated blocks read as zero; Write Zeroes may deallocate
    const ushort CriticalTemperature = 273 + 80;

    /// <summary>Fills a page, which is all zeroes.</summary>
    public NvmeStatus Fill(int structure, uint nsid, uint commandSet, Span<byte> page) => structure switch
    {
        0x00 => Namespace(nsid, page),
        0x01 => Controller(page),
        0x02 => ActiveList(nsid, page),
        0x03 => Descriptors(nsid, page),
        0x06 when commandSet == 0 => NvmeStatus.Success,           // no limits of the NVM command set but those of the controller
        _ => NvmeStatus.InvalidField,
    };

    NvmeStatus Controller(Span<byte> page)
    {
        Half(page, 0, nvme.Identity.Vendor);
        Half(page, 2, nvme.Identity.SubsystemVendor);
        Text(page.Slice(4, 20), serial);
        Text(page.Slice(24, 40), Model);
        Text(page.Slice(64, 8), Firmware);
        page[77] = (byte)BitOperations.Log2(PrpTransfer.MostBytes / 4096);
        Half(page, 78, 1);                      // CNTLID
        Word(page, 80, 0x0001_0400);
        Word(page, 92, 1 << 8);                 // OAES: namespace attribute notices
        page[111] = 1;                          // an I/O controller
        Half(page, 256, 1 << 1);                // OACS: Format NVM
        (page[258], page[259]) = (3, NvmeEvents.MostRequests - 1);
        page[260] = 1 << 1 | 1;                 // one firmware slot, read-only
        page[261] = 1 << 1 | 1 << 2;            // LPA: commands supported and effects, extended data
        page[262] = NvmeLogs.ErrorEntries - 1;
        Half(page, 266, WarningTemperature);
        Half(page, 268, CriticalTemperature);
        BinaryPrimitives.WriteUInt64LittleEndian(page[280..], (ulong)nvme.NamespaceArray.Sum(space => space.Bytes));
        (page[512], page[513]) = (0x66, 0x44);
        Word(page, 516, (uint)nvme.NamespaceArray.Length);
        Half(page, 520, 1 | 1 << 2 | 1 << 3 | 1 << 6);  // ONCS: compare, dataset management, write zeroes, timestamp
        page[525] = 1 | 3 << 1;                 // a volatile write cache; flush takes all namespaces too
        Encoding.ASCII.GetBytes($"nqn.2024-01.org.understudy:{serial}", page[768..]);
        Half(page, 2048, 800);                  // power state 0: 8 W
        return NvmeStatus.Success;
    }

    NvmeStatus Namespace(uint nsid, Span<byte> page)
    {
        if (nsid != NvmeCommand.AllNamespaces && !nvme.IsNamespaceId(nsid)) return NvmeStatus.InvalidNamespace;
        var space = nvme.Attached(nsid);
        page[25] = (byte)(NvmeNamespace.Formats.Length - 1);
        for (var i = 0; i < NvmeNamespace.Formats.Length; i++) page[128 + 4 * i + 2] = (byte)BitOperations.Log2((uint)NvmeNamespace.Formats[i]);
        if (space is null) return NvmeStatus.Success;           // of one that is not attached: zeroes
        foreach (var at in (ReadOnlySpan<int>)[0, 8, 16]) BinaryPrimitives.WriteUInt64LittleEndian(page[at..], (ulong)space.Blocks);
        page[24] = ThinProvisioned;
        page[26] = (byte)Array.IndexOf(NvmeNamespace.Formats, space.BlockSize);
        page[33] = ReadsZeroes;
        UniqueId(nsid, page.Slice(104, 16));
        UniqueId(nsid, page.Slice(120, 8));
        return NvmeStatus.Success;
    }

    NvmeStatus ActiveList(uint after, Span<byte> page)
    {
        if (after >= NvmeCommand.AllNamespaces - 1) return NvmeStatus.InvalidNamespace;
        var at = 0;
        foreach (var space in nvme.NamespaceArray)
            if (space.IsAttached && space.Id > after)
            {
                Word(page, at, space.Id);
                at += 4;
            }
        return NvmeStatus.Success;
    }

    NvmeStatus Descriptors(uint nsid, Span<byte> page)
    {
        if (nvme.Attached(nsid) is null) return NvmeStatus.InvalidNamespace;
        (page[0], page[1]) = (1, 8);            // EUI-64
        UniqueId(nsid, page.Slice(4, 8));
        (page[12], page[13]) = (2, 16);         // NGUID
        UniqueId(nsid, page.Slice(16, 16));
        return NvmeStatus.Success;
    }

    // Of the serial number and the namespace; the OUI is a locally administered one.
    void UniqueId(uint nsid, Span<byte> id)
    {
        var hash = 0xCBF2_9CE4_8422_2325UL ^ nsid;
        foreach (var letter in serial) hash = (hash ^ letter) * 0x100_0000_01B3;
        id.Clear();
        BinaryPrimitives.WriteUInt64BigEndian(id[^8..], hash | 0x0200_0000_0000_0000);
    }

    static void Text(Span<byte> field, string text)
    {
        field.Fill((byte)' ');
        Encoding.ASCII.GetBytes(text, field);
    }

    static void Half(Span<byte> page, int at, ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(page[at..], value);

    static void Word(Span<byte> page, int at, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(page[at..], value);
}
