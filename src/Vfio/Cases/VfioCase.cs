namespace Understudy.Vfio.Cases;

/// <summary>One thing to try on a device: a case of the kernel's VFIO selftests, by its name there, or one of our own.</summary>
/// <param name="Name">As in <c>dma_map_unmap.2M.vfio_type1v2_iommu</c>.</param>
/// <param name="Mode">The mode it runs in.</param>
/// <param name="Run">Does it on a rig of its own. Throws when it fails: <see cref="VfioException"/>; and <see cref="CaseSkippedException"/>
/// when it cannot be tried.</param>
public sealed record VfioCase(string Name, IommuMode Mode, Action<CaseRig> Run);
