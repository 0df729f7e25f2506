namespace Understudy.Toolchain;

/// <summary>A Debian user space on a disk image: packages unpacked as dpkg would, and dpkg knows them as installed. Their scripts have not run;
/// what these would have made of the least a shell, a build and dpkg need is there.</summary>
/// <param name="Image">The image: an ext4 file system without a partition table, as whole as raw disks are. It is shared: a machine gets it as
/// a snapshot.</param>
/// <param name="Distribution">What it is made of.</param>
/// <param name="Packages">The packages on it, as <c>name=version</c>.</param>
public sealed record DebianRoot(string Image, DebianDistribution Distribution, IReadOnlyList<string> Packages)
{
    /// <summary>The version of a package on it; null when it is not on it.</summary>
    public string? VersionOf(string package) => Packages.FirstOrDefault(spec => spec.StartsWith($"{package}=", StringComparison.Ordinal))?[(package.Length + 1)..];
}
