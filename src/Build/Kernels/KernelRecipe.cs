namespace Understudy.Build;

/// <summary>What a kernel is built from. The same recipe, with the same sources behind it, gives the same bytes.</summary>
/// <param name="Source">A directory, a tarball, the URL of a git repository, or <c>debian:7.2</c>, which is the package linux-source-7.2.</param>
public sealed record KernelRecipe(string Source)
{
    /// <summary>Branch, tag or commit; of a directory, only where it is a git repository. Null for what is there, or the default branch.</summary>
    public string? Ref { get; init; }

    /// <summary>x86_64, um, arm64, arm, riscv, ...</summary>
    public string Architecture { get; init; } = "x86_64";

    /// <summary>gcc, gcc-13, clang, clang-19: this host's, or Debian's where it has none.</summary>
    public string Toolchain { get; init; } = "gcc";

    /// <summary>The configuration, in the order it is put together. First what it begins from: a target of make (defconfig, tinyconfig), the
    /// path of a whole configuration, or <c>debian</c> for that of Debian's kernel of the same series. Then fragments: <c>NAME.config</c> of
    /// the kernel's own, paths, and single lines <c>CONFIG_X=y</c>. Empty for defconfig.</summary>
    public IReadOnlyList<string> Config { get; init; } = [];

    /// <summary>The build fails where the configuration lacks anything a fragment asks for: a kernel whose KASAN is quietly missing finds
    /// nothing. Off, and for single lines, what was not granted is only reported (<see cref="KernelBuild.Config"/>).</summary>
    public bool HoldsToFragments { get; init; }

    /// <summary>Paths of patches, applied in this order with <c>patch -p1</c>.</summary>
    public IReadOnlyList<string> Patches { get; init; } = [];

    /// <summary>What to build, as TuxMake names it: kernel, modules, config, headers, dtbs, debugkernel, default, kselftest, perf.</summary>
    public IReadOnlyList<string> Targets { get; init; } = ["kernel", "modules"];

    /// <summary>More for make, as <c>NAME=value</c>.</summary>
    public IReadOnlyList<string> MakeVariables { get; init; } = [];

    /// <summary>Where the configuration has debug information, its modules with theirs are kept in <c>debug/</c> beside those for guests.</summary>
    public bool KeepsDebugModules { get; init; }

    /// <summary>Programs come from Debian packages unpacked in the cache, whatever this host has.</summary>
    public bool InRoot { get; init; }

    /// <summary>A container image that make and the toolchain come from, run by podman; null for this host.</summary>
    public string? Image { get; init; }

    /// <summary>Uses ccache where this host has it.</summary>
    public bool Ccache { get; init; } = true;
}
