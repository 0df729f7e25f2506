namespace Understudy.Toolchain;

/// <summary>Whether a kernel of the catalog is here.</summary>
public enum KernelState
{
    /// <summary>It can be fetched.</summary>
    Available,

    /// <summary>The newest release of this name is in the cache and works offline.</summary>
    Installed,

    /// <summary>An older release of this name is in the cache; asking for the name fetches the newer one.</summary>
    Outdated,
}

/// <summary>One line of the kernel catalog.</summary>
/// <param name="Name">What to ask for: "debian:6.12", "debian:6.12-cloud".</param>
/// <param name="Release">The newest release of that name: "6.12.107+deb13-amd64".</param>
/// <param name="PackageVersion">The exact package version.</param>
/// <param name="DownloadSize">Bytes that fetching it downloads.</param>
/// <param name="State">Whether it is here.</param>
/// <param name="IsDefault">It is what <c>debian:latest</c> means.</param>
public sealed record KernelListing(string Name, string Release, string PackageVersion, long DownloadSize, KernelState State, bool IsDefault);
