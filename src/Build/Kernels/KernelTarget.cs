using Understudy.Toolchain;

namespace Understudy.Build;

/// <summary>One thing that is built, as TuxMake names it (docs/targets.md there).</summary>
/// <param name="Name">Its name.</param>
/// <param name="Steps">What make is told, one run each; <c>{image}</c> stands for the architecture's image, <c>{build}</c> for the build tree.</param>
/// <param name="Artifact">What comes of it and its place in the build tree; null where it only prepares.</param>
/// <param name="Archive">The directory in the build tree that is packed into the artifact, with what of it is packed.</param>
/// <param name="Needs">The line the configuration must have; without it the target is skipped.</param>
sealed record KernelTarget(string Name, IReadOnlyList<string> Steps, (string Name, string Path)? Artifact = null, (string Directory, string What)? Archive = null, string? Needs = null)
{
    static readonly KernelTarget[] s_all =
    [
        new("config", [], ("config", ".config")),
        new("default", ["all"]),
        new("kernel", ["{image}"], ("{image}", "{path}")),
        new("debugkernel", ["vmlinux"], ("vmlinux.xz", "vmlinux")),
        new("modules", ["modules", "modules_install INSTALL_MOD_STRIP=1 INSTALL_MOD_PATH={build}/modinstall"], ("modules.tar.xz", ""), ("modinstall", "lib"), "CONFIG_MODULES=y"),
        new("headers", ["headers_install INSTALL_HDR_PATH={build}/install_hdr"], ("headers.tar.xz", ""), ("install_hdr", ".")),
        new("dtbs", ["dtbs", "dtbs_install INSTALL_DTBS_PATH={build}/dtbsinstall/dtbs"], ("dtbs.tar.xz", ""), ("dtbsinstall", "dtbs"), "CONFIG_OF=y"),
        new("kselftest", ["headers", "-C tools/testing/selftests all", "-i -C tools/testing/selftests install INSTALL_PATH={build}/kselftest_install KDIR={build}"], ("kselftest.tar.xz", ""), ("kselftest_install", ".")),
        new("perf", ["-C tools/perf", "-C tools/perf install-bin DESTDIR={build}/perf-install/usr"], ("perf.tar.xz", ""), ("perf-install", ".")),
    ];

    /// <summary>It is a target's name.</summary>
    public static bool IsName(string word) => s_all.Any(target => target.Name == word);

    /// <summary>The targets to make for those that were asked for, in the order they have to be made.</summary>
    /// <exception cref="ToolchainException">One is no target; the nearest are given.</exception>
    public static IReadOnlyList<KernelTarget> For(IReadOnlyList<string> names)
    {
        foreach (var name in names.Where(name => !s_all.Any(target => target.Name == name)))
            throw new ToolchainException(ToolchainProblem.UnknownName, $"There is no target '{name}'. Did you mean {string.Join(" or ", Nearest.To(name, s_all.Select(target => target.Name)))}? There is {string.Join(", ", s_all.Select(target => target.Name))}.");
        return [.. s_all.Where(target => target.Name == "config" || names.Contains(target.Name))];
    }

    public IEnumerable<string[]> Commands(Architecture architecture, string build) =>
        Steps.Select(step => step.Replace("{image}", architecture.ImageTarget, StringComparison.Ordinal).Split(' ').Select(word => word.Replace("{build}", build, StringComparison.Ordinal)).ToArray());
}
