namespace Understudy.Vfio;

/// <summary>Something could not be done with a device or an IOMMU. The message says which call, on what, what the kernel's answer means
/// here, and what to try.</summary>
public sealed class VfioException : IOException
{
    /// <summary>A failure that is not the kernel's answer to a call.</summary>
    public VfioException(string message) : base(message) { }

    /// <summary>A call the kernel refused.</summary>
    public VfioException(string message, Linux.LinuxException cause) : base(message, cause) => Errno = cause?.Errno ?? 0;

    /// <summary>The kernel's error number, 0 where it was not the kernel that refused.</summary>
    public int Errno { get; }
}
