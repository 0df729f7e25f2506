using Understudy.Toolchain;

namespace Understudy.Build;

/// <summary>An architecture kernels are built for.</summary>
/// <param name="Name">What it is asked for by, TuxMake's name.</param>
/// <param name="Make">Its ARCH for make.</param>
/// <param name="Directory">Its directory below <c>arch/</c>.</param>
/// <param name="ImageTarget">The target of make that makes its bootable image.</param>
/// <param name="ImagePath">Where that image is in the build tree.</param>
/// <param name="Cross">The prefix of Debian's cross compiler for it, without the last dash; empty where this machine's own compiler does.</param>
sealed record Architecture(string Name, string Make, string Directory, string ImageTarget, string ImagePath, string Cross)
{
    static readonly Architecture[] s_all =
    [
        new("x86_64", "x86_64", "x86", "bzImage", "arch/x86/boot/bzImage", ""),
        new("i386", "i386", "x86", "bzImage", "arch/x86/boot/bzImage", ""),
        new("um", "um", "um", "linux", "linux", ""),
        new("arm64", "arm64", "arm64", "Image.gz", "arch/arm64/boot/Image.gz", "aarch64-linux-gnu"),
        new("arm", "arm", "arm", "zImage", "arch/arm/boot/zImage", "arm-linux-gnueabihf"),
        new("armel", "arm", "arm", "zImage", "arch/arm/boot/zImage", "arm-linux-gnueabi"),
        new("riscv", "riscv", "riscv", "Image.gz", "arch/riscv/boot/Image.gz", "riscv64-linux-gnu"),
        new("powerpc", "powerpc", "powerpc", "vmlinux", "vmlinux", "powerpc64le-linux-gnu"),
        new("s390", "s390", "s390", "bzImage", "arch/s390/boot/bzImage", "s390x-linux-gnu"),
        new("mips", "mips", "mips", "vmlinux", "vmlinux", "mips64el-linux-gnuabi64"),
        new("sparc", "sparc64", "sparc", "image", "arch/sparc/boot/image", "sparc64-linux-gnu"),
        new("parisc", "parisc", "parisc", "vmlinux", "vmlinux", "hppa-linux-gnu"),
        new("m68k", "m68k", "m68k", "vmlinux", "vmlinux", "m68k-linux-gnu"),
        new("sh", "sh", "sh", "zImage", "arch/sh/boot/zImage", "sh4-linux-gnu"),
        new("loongarch", "loongarch", "loongarch", "vmlinuz.efi", "arch/loongarch/boot/vmlinuz.efi", "loongarch64-linux-gnu"),
    ];

    static readonly Dictionary<string, string> s_aliases = new() { ["amd64"] = "x86_64", ["aarch64"] = "arm64", ["riscv64"] = "riscv", ["armhf"] = "arm", ["armv7"] = "arm", ["ppc64le"] = "powerpc", ["s390x"] = "s390", ["uml"] = "um", ["i686"] = "i386" };

    /// <summary>The names there are.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. s_all.Select(one => one.Name)];

    /// <exception cref="ToolchainException">There is no architecture of that name; the nearest are given.</exception>
    public static Architecture Named(string name) => s_all.FirstOrDefault(one => one.Name == s_aliases.GetValueOrDefault(name, name))
        ?? throw new ToolchainException(ToolchainProblem.UnknownName, $"There is no architecture '{name}'. Did you mean {string.Join(" or ", Nearest.To(name, Names.Concat(s_aliases.Keys)))}? There is {string.Join(", ", Names)}.");
}
