namespace Understudy.Toolchain;

/// <summary>What external modules of one kernel are built against.</summary>
/// <param name="Directory">The directory that make is told with <c>-C</c>: Debian's <c>linux-headers-RELEASE</c>, or the tree a kernel was built in.</param>
/// <param name="Key">What tells these headers from any others.</param>
/// <param name="GccMajor">The release of gcc the kernel was built with (CONFIG_GCC_VERSION), whose options its configuration relies on; null
/// when it was another compiler.</param>
public sealed record KernelHeaders(string Directory, string Key, int? GccMajor);
