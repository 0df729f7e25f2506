namespace Understudy.Vfio;

/// <summary>The names of <see cref="IommuMode"/>, as the kernel's selftests have them.</summary>
public static class IommuModes
{
    static readonly (IommuMode Mode, string Name)[] s_names =
    [
        (IommuMode.Iommufd, "iommufd"),
        (IommuMode.VfioType1, "vfio_type1_iommu"),
        (IommuMode.VfioType1V2, "vfio_type1v2_iommu"),
        (IommuMode.IommufdCompatType1, "iommufd_compat_type1"),
        (IommuMode.IommufdCompatType1V2, "iommufd_compat_type1v2"),
        (IommuMode.NoIommu, "noiommu"),
    ];

    /// <summary>The modes the kernel has, with an IOMMU.</summary>
    public static IReadOnlyList<IommuMode> All { get; } = [.. s_names.Select(entry => entry.Mode).Where(mode => mode != IommuMode.NoIommu)];

    /// <summary>What a mode is called.</summary>
    public static string Name(IommuMode mode) => s_names.FirstOrDefault(entry => entry.Mode == mode).Name ?? "model";

    /// <summary>The mode of that name.</summary>
    /// <exception cref="FormatException">There is none; the message lists what there is.</exception>
    public static IommuMode Parse(string name)
    {
        foreach (var entry in s_names)
            if (entry.Name == name) return entry.Mode;
        throw new FormatException($"There is no IOMMU mode '{name}'; there is {string.Join(", ", s_names.Select(entry => entry.Name))}");
    }

    internal static bool IsContainer(this IommuMode mode) => mode is not (IommuMode.Iommufd or IommuMode.Model);
}
