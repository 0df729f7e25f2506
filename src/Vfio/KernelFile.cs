using Understudy.Linux;

namespace Understudy.Vfio;

/// <summary>A device node of VFIO, or words that say why there is none.</summary>
static class KernelFile
{
    public const string NoVfio = "Load vfio_pci (modprobe vfio-pci); the kernel needs CONFIG_VFIO and CONFIG_VFIO_CONTAINER.";
    public const string NoIommufd = "Load iommufd (modprobe iommufd); the kernel needs CONFIG_IOMMUFD, which Debian's does not have.";
    public const string NoGroup = "Bind the device to vfio-pci first ('understudy vfio bind'); without an IOMMU there are no groups (intel_iommu=on, amd_iommu=on).";
    public const string NoUnsafe = "The kernel needs CONFIG_VFIO_NOIOMMU, vfio its parameter enable_unsafe_noiommu_mode=1, and the device no IOMMU, before it is bound to vfio-pci.";
    public const string NoNode = "The kernel needs CONFIG_VFIO_DEVICE_CDEV.";

    public static FileDescriptor Open(string path, string advice)
    {
        try
        {
            return FileDescriptor.Open(path);
        }
        catch (LinuxException none)
        {
            throw new VfioException(none.Errno switch
            {
                Errno.EACCES or Errno.EPERM => $"{path} may not be opened: run as root, or give this user the node.",
                16 => $"{path} is in use by another process.",
                _ => $"{path} cannot be opened ({Errno.Name(none.Errno)}). {advice}",
            }, none);
        }
    }
}
