using Understudy.Toolchain;

namespace Understudy.Build;

/// <summary>A named recipe: where the sources are from, and a folder with configuration and patches: <c>base.config</c>, which always counts,
/// the variants <c>NAME.config</c>, what make is told for one of them, <c>NAME.make</c>, and <c>patches/*.patch</c>, applied in the order of their
/// names.</summary>
/// <param name="Name">Its name: the folder's.</param>
/// <param name="What">What it is for, in a line.</param>
/// <param name="Source">As in <see cref="KernelRecipe.Source"/>.</param>
/// <param name="Architecture">As in <see cref="KernelRecipe.Architecture"/>.</param>
/// <param name="Begin">The configuration it begins from: a target of make.</param>
/// <param name="Targets">What is built of it.</param>
public sealed record Profile(string Name, string What, string Source, string Architecture, string Begin, params IReadOnlyList<string> Targets)
{
    const string Always = "base";

    /// <summary>What make is told so that gcc counts the lines of modules.</summary>
    internal static IReadOnlyList<string> CountsModules => Told(Path.Combine(AppContext.BaseDirectory, "Profiles/uml/coverage.make"));

    /// <summary>All there are. A new one is a folder beside this file, and a line here.</summary>
    public static IReadOnlyList<Profile> All { get; } =
    [
        new("qemu", "The smallest kernel that boots on the QEMU board and loads modules; qemu/net with r8169, qemu/kasan with what finds wrong accesses", "debian:7.2", "x86_64", "tinyconfig", "kernel", "modules"),
        new("vfio", "VFIO and IOMMUFD with all that Debian's kernels leave out of them, and little else; boots fast", "debian:7.2", "x86_64", "tinyconfig", "kernel", "modules"),
        new("uml", "A kernel built as a program, for the UML board: fast, and with variants that find what a driver does wrong", "debian:7.2", "um", "tinyconfig", "kernel", "modules"),
    ];

    /// <summary>The recipe for <c>NAME</c>, <c>NAME/VARIANT</c>, or several variants at once: <c>uml/kasan+lockdep</c>.</summary>
    /// <exception cref="ToolchainException">There is no such profile or variant; the nearest are given.</exception>
    public static KernelRecipe Recipe(string words)
    {
        var (name, variants) = words.Split('/', 2) is [var first, var second] ? (first, second.Split('+')) : (words, []);
        var profile = All.FirstOrDefault(one => one.Name == name) ?? throw Unknown("profile", name, All.Select(one => one.Name));
        return profile.With(variants);
    }

    /// <summary>The variants there are.</summary>
    public IReadOnlyList<string> Variants => [.. Directory.EnumerateFiles(Folder, "*.config").Select(file => Path.GetFileNameWithoutExtension(file)).Where(name => name != Always).Order(StringComparer.Ordinal)];

    /// <summary>Where its configuration and its patches are.</summary>
    public string Folder => Path.Combine(AppContext.BaseDirectory, "Profiles", Name);

    KernelRecipe With(IReadOnlyList<string> variants)
    {
        var unknown = variants.FirstOrDefault(variant => !Variants.Contains(variant));
        if (unknown is not null) throw Unknown($"variant of the profile {Name}", unknown, Variants);
        var patches = Path.Combine(Folder, "patches");
        return new KernelRecipe(Source)
        {
            Architecture = Architecture,
            Config = [Begin, .. variants.Prepend(Always).Select(variant => Path.Combine(Folder, $"{variant}.config")).Where(File.Exists)],
            HoldsToFragments = true,
            KeepsDebugModules = true,
            MakeVariables = [.. variants.Select(variant => Path.Combine(Folder, $"{variant}.make")).Where(File.Exists).SelectMany(Told)],
            Patches = Directory.Exists(patches) ? [.. Directory.EnumerateFiles(patches, "*.patch").Order(StringComparer.Ordinal)] : [],
            Targets = Targets,
        };
    }

    internal static IReadOnlyList<string> Told(string file) => [.. File.ReadLines(file).Where(line => line.Length > 0 && !line.StartsWith('#'))];

    static ToolchainException Unknown(string what, string name, IEnumerable<string> names) => new(ToolchainProblem.UnknownName,
        $"There is no {what} '{name}'. There is {(names.Any() ? string.Join(", ", Nearest.To(name, names)) : "none")}.");
}
