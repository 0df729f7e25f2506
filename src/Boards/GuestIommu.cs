namespace Understudy.Boards;

/// <summary>The IOMMU of a guest's machine: what stands between its devices and its memory, and what its VFIO needs.</summary>
public enum GuestIommu
{
    /// <summary>None: devices reach all of the guest's memory.</summary>
    None,

    /// <summary>Intel VT-d, with caching mode on and interrupt remapping.</summary>
    Intel,

    /// <summary>AMD-Vi, with DMA remapping on.</summary>
    Amd,

    /// <summary>virtio-iommu; the guest's kernel needs its driver, and it remaps no interrupts.</summary>
    Virtio,
}
