namespace Understudy.Boards;

/// <summary>What a test may need of a board, beyond memory BARs, message interrupts and DMA, which every board has.</summary>
public enum BoardAbility
{
    /// <summary>I/O BARs that drivers can reach.</summary>
    PortIo,

    /// <summary>More than one CPU.</summary>
    Smp,

    /// <summary>More kernel arguments than the board's own.</summary>
    KernelArguments,

    /// <summary>Arguments for QEMU.</summary>
    QemuArguments,

    /// <summary>Guests that continue from one that booted once. A board without it boots them all, which is slower and no less true.</summary>
    Restore,

    /// <summary>BARs mapped into a program's memory, as UIO and VFIO do.</summary>
    BarMmap,

    /// <summary>An IOMMU between devices and memory.</summary>
    Iommu,

    /// <summary>Bridges, ports and what they report: AER, hot-plug slots.</summary>
    PciePorts,

    /// <summary>Kernels as distributions ship them.</summary>
    StockKernels,

    /// <summary>A disk made of an image.</summary>
    DiskImage,

    /// <summary>A time that guest and devices share and nothing else moves: <see cref="GuestTime.Virtual"/>.</summary>
    VirtualTime,
}
