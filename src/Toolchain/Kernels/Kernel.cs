namespace Understudy.Toolchain;

/// <summary>A kernel on this machine, ready to boot, with the modules that belong to it.</summary>
/// <param name="Name">What it was asked for by: "debian:6.12", or the path of the user's own image.</param>
/// <param name="Release">What <c>uname -r</c> prints in it: "6.12.107+deb13-amd64"; empty when an image does not say.</param>
/// <param name="PackageVersion">The exact version of its package, for the record of a run; empty for the user's own image.</param>
/// <param name="Vmlinuz">The image as it was shipped, normally a bzImage.</param>
/// <param name="Vmlinux">The uncompressed ELF kernel taken out of it once, which boots fastest where <paramref name="HasPvhEntry"/> is true.</param>
/// <param name="HasPvhEntry">QEMU can boot <paramref name="Vmlinux"/> directly (CONFIG_PVH).</param>
/// <param name="Sha256">Hash of <paramref name="Vmlinuz"/>, lower-case hexadecimal.</param>
/// <param name="ModulesDirectory">The directory that holds <c>kernel/</c> and modules.dep, or null when the user gave an image without modules.</param>
public sealed record Kernel(
    string Name, string Release, string PackageVersion, string Vmlinuz, string Vmlinux, bool HasPvhEntry, string Sha256, string? ModulesDirectory);
