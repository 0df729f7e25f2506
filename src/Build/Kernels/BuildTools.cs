using System.Text.RegularExpressions;
using Understudy.Toolchain;

namespace Understudy.Build;

/// <summary>What a kernel is built with.</summary>
/// <param name="Compiler">The compiler's command, and what it says of itself.</param>
/// <param name="Variables">What make is told because of it.</param>
/// <param name="Runtime">Where the programs come from: <c>host</c>, <c>debian</c>, or <c>podman</c>.</param>
sealed partial record BuildTools(Compiler Compiler, IReadOnlyList<string> Variables, string Runtime)
{
    const string Newest = "14";

    // With LLVM= kbuild links the host's programs by a bare "lld", which gcc knows only where that is not ld.lld-19.
    const string OwnLinker = "HOSTLDFLAGS=-fuse-ld=bfd";

    // What every kernel's build calls; headers that objtool needs are on Debian a package of their own.
    static readonly string[] s_programs = ["make", "gcc", "ld", "flex", "bison", "bc", "xz"];
    static readonly string[] s_packages = [$"gcc-{Newest}", "make", "flex", "bison", "bc", "m4", "cpio", "kmod", "xz-utils", "libelf-dev", "libssl-dev", "libc6-dev"];

    public IReadOnlyDictionary<string, string> Environment { get; private init; } = new Dictionary<string, string>();

    /// <summary>The container make runs in; null for none.</summary>
    public Podman? Container { get; private init; }

    /// <summary>Tells these tools from others that call themselves the same.</summary>
    public string Identity => Container is { } container ? $"{Runtime} {container.Id}" : Runtime;

    /// <summary>The compiler goes by way of ccache.</summary>
    public bool Ccache { get; private init; }

    /// <exception cref="ToolchainException">There is no such toolchain, or it cannot be fetched.</exception>
    public static async Task<BuildTools> OpenAsync(Toolbox toolbox, KernelRecipe recipe, Architecture architecture, Action<string> says, CancellationToken cancel)
    {
        var match = Named().Match(recipe.Toolchain);
        if (!match.Success) throw Unknown(recipe.Toolchain);
        var (family, release) = (match.Groups[1].Value, match.Groups[3].Value);
        if (recipe.Image is { } image) return await InContainerAsync(await Podman.OpenAsync(image, says, cancel).ConfigureAwait(false), family, match.Groups[2].Value, architecture, cancel).ConfigureAwait(false);
        var lacking = s_programs.Where(program => !HostTool.Has(program)).Concat(File.Exists("/usr/include/libelf.h") ? [] : ["libelf-dev"]).ToList();
        if (lacking.Count > 0 && !recipe.InRoot) says($"this host lacks {string.Join(", ", lacking)}: what builds is taken from Debian packages");
        var root = recipe.InRoot || lacking.Count > 0 ? await toolbox.ProgramsAsync(s_packages, cancel).ConfigureAwait(false) : null;
        var tools = family == "clang" ? await ClangAsync(toolbox, release, root, cancel).ConfigureAwait(false)
            : architecture.Cross.Length > 0 ? await CrossAsync(toolbox, architecture, release, root, cancel).ConfigureAwait(false)
            : await GccAsync(toolbox, release, root, architecture, cancel).ConfigureAwait(false);
        tools = tools with { Ccache = recipe.Ccache && HostTool.Has("ccache") };
        return root is null ? tools : tools.Within(root);
    }

    static async Task<BuildTools> GccAsync(Toolbox toolbox, string release, string? root, Architecture architecture, CancellationToken cancel)
    {
        var compilers = new Compilers(toolbox);
        var compiler = release.Length > 0 ? await compilers.GccAsync(int.Parse(release, System.Globalization.CultureInfo.InvariantCulture), cancel).ConfigureAwait(false)
            : root is not null ? new Compiler($"gcc-{Newest}", await Compilers.VersionAsync($"gcc-{Newest}", [Bin(root)], cancel).ConfigureAwait(false) ?? "", [])
            : await compilers.AnyGccAsync(cancel).ConfigureAwait(false);
        // User Mode Linux is a program of the machine that builds it, with that machine's C library.
        return new BuildTools(compiler, [$"CC={compiler.Command}{(root is not null && architecture.Make == "um" ? Sysroot(root) : "")}"], "host");
    }

    static async Task<BuildTools> CrossAsync(Toolbox toolbox, Architecture architecture, string release, string? root, CancellationToken cancel)
    {
        var suffix = release.Length > 0 ? $"-{release}" : "";
        var command = $"{architecture.Cross}-gcc{suffix}";
        string[] path = root is null && HostTool.Has(command) ? [] : [Bin(await toolbox.ProgramsAsync([$"gcc{suffix}-{architecture.Cross}"], cancel).ConfigureAwait(false))];
        return new BuildTools(await OfAsync(command, path, cancel).ConfigureAwait(false), [$"CROSS_COMPILE={architecture.Cross}-", $"CC={command}"], "host");
    }

    static async Task<BuildTools> ClangAsync(Toolbox toolbox, string release, string? root, CancellationToken cancel)
    {
        if (release.Length == 0 && root is null && HostTool.Has("clang") && HostTool.Has("ld.lld"))
            return new BuildTools(await OfAsync("clang", [], cancel).ConfigureAwait(false), ["LLVM=1", "HOSTCC=gcc", OwnLinker], "host");
        if (release.Length == 0) release = "19";
        if (root is null && HostTool.Has($"clang-{release}") && HostTool.Has($"ld.lld-{release}"))
            return new BuildTools(await OfAsync($"clang-{release}", [], cancel).ConfigureAwait(false), [$"LLVM=-{release}", "HOSTCC=gcc", OwnLinker], "host");
        var unpacked = await toolbox.ProgramsAsync([$"clang-{release}", $"lld-{release}", $"llvm-{release}"], cancel).ConfigureAwait(false);
        // Run through a loader of ours, clang looks for its own headers beside that loader, and runs that loader for a second step, of an
        // assembler file: unless it goes by the name it was called by.
        var resources = Path.Combine(unpacked, $"usr/lib/llvm-{release}/lib/clang/{release}");
        return new BuildTools(await OfAsync($"clang-{release}", [Bin(unpacked)], cancel).ConfigureAwait(false), [$"LLVM=-{release}", $"CC=clang-{release} -no-canonical-prefixes -resource-dir={resources}", "HOSTCC=gcc", OwnLinker], "host");
    }

    static async Task<BuildTools> InContainerAsync(Podman podman, string family, string suffix, Architecture architecture, CancellationToken cancel)
    {
        var cross = architecture.Cross.Length > 0;
        var command = family == "gcc" && cross ? $"{architecture.Cross}-gcc{suffix}" : $"{family}{suffix}";
        string[] variables = family == "clang" ? [$"LLVM={(suffix.Length > 0 ? suffix : "1")}"] : cross ? [$"CROSS_COMPILE={architecture.Cross}-", $"CC={command}"] : [$"CC={command}"];
        return new BuildTools(new Compiler(command, await podman.VersionAsync(command, cancel).ConfigureAwait(false), []), variables, "podman") { Container = podman };
    }

    static async Task<Compiler> OfAsync(string command, IReadOnlyList<string> path, CancellationToken cancel) =>
        new(command, await Compilers.VersionAsync(command, path, cancel).ConfigureAwait(false) ?? throw new ToolchainException(ToolchainProblem.ProgramFailed, $"{command} does not run."), path);

    // Programs the build makes for itself are linked against the unpacked C library, and find it when they run.
    BuildTools Within(string root) => this with
    {
        Compiler = Compiler with { Path = [.. Compiler.Path, Bin(root)] },
        Variables = [.. Variables.Where(variable => !variable.StartsWith("HOSTCC=", StringComparison.Ordinal)), $"HOSTCC=gcc-{Newest}{Sysroot(root)}"],
        Environment = new Dictionary<string, string> { ["BISON_PKGDATADIR"] = Path.Combine(root, "usr/share/bison"), ["M4"] = Path.Combine(Bin(root), "m4") },
        Runtime = "debian",
    };

    static string Sysroot(string root) => $" --sysroot={root} -Wl,--dynamic-linker={root}/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2 -Wl,-rpath={root}/usr/lib/x86_64-linux-gnu";

    static string Bin(string root) => Path.Combine(root, "usr/bin");

    static ToolchainException Unknown(string name) => new(ToolchainProblem.UnknownName,
        $"There is no toolchain '{name}'. Did you mean {string.Join(" or ", Nearest.To(name, ["gcc", "gcc-12", "gcc-13", "gcc-14", "clang", "clang-16", "clang-19"]))}? It is gcc or clang, with a release where it matters: gcc-13.");

    [GeneratedRegex(@"^(gcc|clang)(-(\d{1,3}))?$")]
    private static partial Regex Named();
}
