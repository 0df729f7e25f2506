namespace Understudy.Devices;

/// <summary>The devices that come with the product: a plain list, nothing is discovered.</summary>
public static class Catalog
{
    /// <summary>All of them.</summary>
    public static IReadOnlyList<CatalogEntry> All { get; } =
    [
        new("rtl8111", "nic", "Realtek RTL8111/8168C gigabit Ethernet card, for r8169.ko", () => new Rtl8111(), Rtl8111Orders.All) { Events = ["cable off"] },
        new("rtl8111dp", "nic", "the same as an RTL8168DP, whose jumbo frames go to MTU 9194", () => new Rtl8111(chip: Rtl8111Chip.Rtl8168Dp), Rtl8111Orders.All),
        new("pci-idio-16", "io", "ACCES PCI-IDIO-16 digital input and output card, for gpio-pci-idio-16.ko", () => new PciIdio16(), PciIdio16Orders.All),
        new("nvme", "nvme", "NVM Express 1.4 controller with a namespace of 256 MiB in blocks of 512 bytes, for nvme.ko", () => new Nvme(), NvmeOrders.All),
        new("nvme-4k", "nvme", "the same with blocks of 4096 bytes, and another serial number", () => new Nvme([new NvmeNamespace(256L << 20, blockSize: 4096)], serial: "UNDERSTUDY-4096"), NvmeOrders.All),
        new("uart16550", "uart", "MosChip MCS9912 serial card, a 16550 in I/O space, for the kernel's 8250_pci", () => new Uart16550(), Uart16550Orders.All),
        new("uart16550-mem", "uart", "the same with its registers in memory space", () => new Uart16550(Pci.BarKind.Memory32), Uart16550Orders.All),
        new("ioat", "dma", "Intel I/OAT (CBDMA) copy engine of Skylake servers, for ioatdma.ko and the VFIO selftests", () => new Ioat(), IoatOrders.All),
        new("dsa", "dsa", "Intel Data Streaming Accelerator of Granite Rapids D, copying 64 KiB at most, for idxd.ko and the VFIO selftests", () => new Dsa(), DsaOrders.All),
        new("dsa-spr", "dsa", "the same of Sapphire Rapids, copying 2 MiB at most, with interrupt handles", () => new Dsa(new() { DeviceId = 0x0B25, TransferShift = 21, HasInterruptHandles = true }), DsaOrders.All),
        new("ditto", "ditto", "a copy engine of ours with two rings and a button, for drivers/ditto", () => new Ditto(), DittoOrders.All) { Events = ["press"] },
        new("axisg2", "dma", "SLAC AxisG2 DMA engine on a KCU1500, version 5, with MSI-X, for datadev.ko", () => new AxisG2(), AxisG2Orders.All),
        new("axisg2-msi", "dma", "the same without MSI-X", () => new AxisG2(new() { HasMsix = false }), AxisG2Orders.All),
        new("axisg2-intx", "dma", "the same with INTx only", () => new AxisG2(new() { HasMsix = false, HasMsi = false }), AxisG2Orders.All),
        new("axisg2-msix-bar0", "dma", "the same with the MSI-X table in BAR 0, among its registers", () => new AxisG2(new() { MsixBar = 0 }), AxisG2Orders.All),
        new("axisg2-v4", "dma", "the same with firmware of version 4: no timeout", () => new AxisG2(new() { Version = 4 }), AxisG2Orders.All),
        new("axisg2-v3", "dma", "the same with firmware of version 3: no buffer groups either", () => new AxisG2(new() { Version = 3 }), AxisG2Orders.All),
        new("axisg2-8lane", "dma", "the same with eight DMA channels", () => new AxisG2(new() { Lanes = 8 }), AxisG2Orders.All),
        new("axisg2-gpu", "dma", "the same with a GPU core of 1024 buffers, for drivers/gpu/axisg2", () => new AxisG2(new() { GpuBuffers = 1024 }), AxisG2Orders.All),
        new("axisg2-no-interrupt", "dma", "the same with no interrupt of any kind, to try a driver with", () => new AxisG2(new() { HasMsix = false, HasMsi = false, HasIntx = false }), AxisG2Orders.All),
        new("axisg2-no-bar", "dma", "what says it is the same, without BAR 0", () => new AxisG2OtherBar(0), []),
        new("axisg2-bar-8k", "dma", "what says it is the same, with 8 KiB of BAR 0", () => new AxisG2OtherBar(0x2000), []),
        new("axisg2-bar-32m", "dma", "what says it is the same, with 32 MiB of BAR 0", () => new AxisG2OtherBar(0x200_0000), []),
        new("axisg2-slac-emulator", "dma", "the same as SLAC's in-kernel emulator shows itself: rings of two entries, a GPU core of four buffers", () => new AxisG2(AxisG2Options.SlacEmulator), AxisG2Orders.All),
    ];

    /// <summary>The device of that name.</summary>
    /// <exception cref="KeyNotFoundException">There is none; the message lists what there is.</exception>
    public static CatalogEntry Find(string name)
        => All.FirstOrDefault(entry => string.Equals(entry.Name, name, StringComparison.OrdinalIgnoreCase))
            ?? throw new KeyNotFoundException($"There is no device '{name}'; there is {string.Join(", ", All.Select(entry => entry.Name))}");
}
