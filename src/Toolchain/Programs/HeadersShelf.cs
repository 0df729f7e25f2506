using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace Understudy.Toolchain;

/// <summary>Debian's headers of kernels, with the build tools that belong to them, each kernel's a prefix of its own.</summary>
sealed partial class HeadersShelf(PrefixShelf shelf, PrivateApt apt)
{
    public const string Prefix = "linux-headers-";
    const string BuildTools = "linux-kbuild-";

    public async Task<KernelHeaders> EnsureAsync(Kernel kernel, Provisioning step, CancellationToken cancel)
    {
        if (kernel.ModulesDirectory is { } modules && Path.Combine(modules, "build") is var build && File.Exists(Path.Combine(build, "Makefile")))
            return Of(build, $"{kernel.Sha256} {Convert.ToHexStringLower(SHA256.HashData(await File.ReadAllBytesAsync(Path.Combine(build, "Makefile"), cancel).ConfigureAwait(false)))}");
        if (kernel.PackageVersion.Length == 0)
            throw new ToolchainException(ToolchainProblem.BadFile,
                $"Modules cannot be built for {kernel.Name}: nothing to build them against came with it. Give the directory that 'make modules_install INSTALL_MOD_PATH=DIR' " +
                "filled as --modules; the link 'build' in it must lead to the tree the kernel was built in. Or build the kernel with 'understudy build'.");
        var recipe = new PrefixRecipe($"headers-{kernel.Release}", $"headers of {kernel.Release}", [], [], Prefix + kernel.Release, null);
        var here = shelf.InUse(recipe) ?? await shelf.EnsureAsync(await CompleteAsync(recipe, step, cancel).ConfigureAwait(false), step, cancel).ConfigureAwait(false);
        return Of(here.At($"usr/src/{Prefix}{kernel.Release}"), here.Stamp.Key);
    }

    /// <summary>What the headers consist of beside their own package, which says it: the part all flavours share, and the build tools.</summary>
    public static IEnumerable<string> Parts(DebianPackage headers) =>
        Needs(headers).Where(name => name.StartsWith(Prefix, StringComparison.Ordinal) || name.StartsWith(BuildTools, StringComparison.Ordinal));

    static IEnumerable<string> Needs(DebianPackage headers) => headers.Depends.Split(',', '|').Select(depend => depend.Trim().Split(' ')[0]);

    // Which build tools go with the headers, the headers' own package says.
    async Task<PrefixRecipe> CompleteAsync(PrefixRecipe recipe, Provisioning step, CancellationToken cancel)
    {
        await apt.EnsureListsAsync(step, cancel).ConfigureAwait(false);
        var package = (await apt.PlanAloneAsync([recipe.Leading], step, cancel).ConfigureAwait(false))[0];
        var needs = Needs(package).ToList();
        return recipe with
        {
            WithDependencies = [.. needs.Where(name => name.StartsWith(BuildTools, StringComparison.Ordinal))],
            Alone = [recipe.Leading, .. needs.Where(name => name.StartsWith(Prefix, StringComparison.Ordinal))],
            Arrange = Arrange,
        };
    }

    static void Arrange(string unpacked, string home)
    {
        OwnLoader.Arrange(unpacked, home);
        foreach (var headers in Directory.EnumerateDirectories(Path.Combine(unpacked, "usr/src"), Prefix + "*"))
        {
            var makefile = Path.Combine(headers, "Makefile");
            File.WriteAllText(makefile, File.ReadAllText(makefile).Replace("/usr/src/linux-headers", $"{home}/usr/src/linux-headers", StringComparison.Ordinal));
            // With it kbuild makes type information (BTF), which takes longer than the rest and which loading needs not.
            File.Delete(Path.Combine(headers, "vmlinux"));
        }
    }

    static KernelHeaders Of(string directory, string key)
    {
        var config = Path.Combine(directory, ".config");
        var match = GccVersion().Match(File.Exists(config) ? File.ReadAllText(config, Encoding.UTF8) : "");
        return new KernelHeaders(directory, key, match.Success ? int.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture) : null);
    }

    // 140200 is 14.2.0 (init/Kconfig); 0 is another compiler.
    [GeneratedRegex(@"^CONFIG_GCC_VERSION=(\d+)\d{4}$", RegexOptions.Multiline)]
    private static partial Regex GccVersion();
}
