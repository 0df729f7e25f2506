namespace Understudy.Toolchain;

/// <summary>A root file system of the user's own on a disk image, with what modules of one kernel are built against.</summary>
/// <param name="Image">The image: an ext4 file system without a partition table, raw. It is shared: a machine gets it as a snapshot.</param>
/// <param name="HasDpkg">Debian packages can be installed there.</param>
/// <param name="Remarks">What of the user's was left out and what was brought, in words.</param>
public sealed record OwnRootDisk(string Image, bool HasDpkg, IReadOnlyList<string> Remarks);
