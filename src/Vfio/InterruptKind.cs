namespace Understudy.Vfio;

/// <summary>The kinds of interrupt a PCI device has (include/uapi/linux/vfio.h: VFIO_PCI_INTX_IRQ_INDEX and on).</summary>
public enum InterruptKind
{
    /// <summary>The INTx pin.</summary>
    Intx = 0,

    /// <summary>MSI.</summary>
    Msi = 1,

    /// <summary>MSI-X.</summary>
    Msix = 2,

    /// <summary>The device reported an uncorrectable error.</summary>
    Error = 3,

    /// <summary>The kernel asks for the device back.</summary>
    Request = 4,
}
