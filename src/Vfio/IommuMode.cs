namespace Understudy.Vfio;

/// <summary>How device addresses are translated and by which of the kernel's interfaces that is asked for: the five modes of the kernel's
/// VFIO selftests (tools/testing/selftests/vfio/lib/iommu.c), the one without an IOMMU, and one of our own.</summary>
public enum IommuMode
{
    /// <summary><c>/dev/iommu</c> itself, with the device opened as a character device of its own.</summary>
    Iommufd,

    /// <summary><c>/dev/vfio/vfio</c>, type 1.</summary>
    VfioType1,

    /// <summary><c>/dev/vfio/vfio</c>, type 1 version 2: unmapping is exact.</summary>
    VfioType1V2,

    /// <summary><c>/dev/iommu</c> in place of <c>/dev/vfio/vfio</c>, type 1.</summary>
    IommufdCompatType1,

    /// <summary><c>/dev/iommu</c> in place of <c>/dev/vfio/vfio</c>, type 1 version 2.</summary>
    IommufdCompatType1V2,

    /// <summary>No IOMMU: a device reaches all of the machine's memory by the machine's own addresses. The kernel must have been told
    /// <c>vfio.enable_unsafe_noiommu_mode=1</c>, and counts itself tainted.</summary>
    NoIommu,

    /// <summary>A model in this process: addresses are looked up in a table of our own.</summary>
    Model,
}
