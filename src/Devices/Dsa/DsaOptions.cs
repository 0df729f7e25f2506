namespace Understudy.Devices;

/// <summary>Which <see cref="Dsa"/> it is.</summary>
public sealed record DsaOptions
{
    /// <summary>PCI device ID: 0x11FB (Granite Rapids D) unless told, 0x0B25 (Sapphire Rapids; <c>vfio-pci</c> refuses that one), 0x1212 (Diamond Rapids).</summary>
    public ushort DeviceId { get; init; } = 0x11FB;

    /// <summary>The base-two logarithm of the most bytes one descriptor moves, 12 to 31. The VFIO selftests copy 32,768 times as much in one
    /// case; <c>idxd</c> asks for 21 unless <c>max_transfer_size</c> is written first.</summary>
    public int TransferShift { get; init; } = 16;

    /// <summary>Descriptors name interrupts by handles that a command gives out, and not by their MSI-X vectors. The VFIO selftests refuse such a device.</summary>
    public bool HasInterruptHandles { get; init; }

    /// <summary>Work queues may be shared. What ENQCMD would answer does not cross a bus of plain writes: a submitter is never told to retry.</summary>
    public bool HasSharedQueues { get; init; }
}
