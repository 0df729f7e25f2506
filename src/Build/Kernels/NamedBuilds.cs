using System.Text.RegularExpressions;
using Understudy.Toolchain;

namespace Understudy.Build;

/// <summary>Builds that were given a name, by which they can be booted: <c>build:NAME</c>.</summary>
/// <param name="cache">Where they are.</param>
public sealed partial class NamedBuilds(UnderstudyCache cache)
{
    /// <summary>What such a kernel's name begins with.</summary>
    public const string Scheme = "build:";

    string Names => cache.PathOf("kernel-names");

    /// <summary>Gives a build a name, which may have been another one's.</summary>
    /// <exception cref="ToolchainException">It cannot be a name.</exception>
    public void Name(string name, KernelBuild build)
    {
        RequireName(name);
        Directory.CreateDirectory(Names);
        var fresh = cache.PathOf($"kernel-names.{Guid.NewGuid():N}");
        File.WriteAllText(fresh, build.Directory);
        File.Move(fresh, Path.Combine(Names, name), overwrite: true);
    }

    /// <summary>Refuses what cannot be a name, before anything is built for its sake.</summary>
    /// <exception cref="ToolchainException">It cannot be one.</exception>
    public static void RequireName(string name)
    {
        if (!Plain().IsMatch(name)) throw new ToolchainException(ToolchainProblem.UnknownName, $"A build cannot be named '{name}': letters, digits and ._+- make a name.");
    }

    /// <summary>Takes a name away. The build stays until something else takes its place.</summary>
    public void Remove(string name) => File.Delete(Path.Combine(Names, name));

    /// <summary>All there are.</summary>
    public IReadOnlyList<(string Name, KernelBuild Build)> All() => !Directory.Exists(Names) ? [] :
        [.. Directory.EnumerateFiles(Names).Order(StringComparer.Ordinal).Select(file => (Name: Path.GetFileName(file), Directory: File.ReadAllText(file)))
            .Where(one => File.Exists(Path.Combine(one.Directory, BuildMetadata.FileName))).Select(one => (one.Name, BuildMetadata.Read(one.Directory, wasKnown: true)))];

    /// <summary>The build of a name, with or without <see cref="Scheme"/>.</summary>
    /// <exception cref="ToolchainException">There is none; the nearest names are given.</exception>
    public KernelBuild Find(string name)
    {
        var plain = name.StartsWith(Scheme, StringComparison.Ordinal) ? name[Scheme.Length..] : name;
        var all = All();
        return all.FirstOrDefault(one => one.Name == plain).Build ?? throw new ToolchainException(ToolchainProblem.UnknownName, all.Count == 0
            ? $"There is no kernel '{name}': nothing was built under a name yet. Build one: understudy build --profile qemu --name {(plain.Length > 0 ? plain : "mine")}"
            : $"There is no kernel '{name}'. There is {string.Join(", ", Nearest.To(plain, all.Select(one => one.Name)).Select(one => Scheme + one))}; 'understudy kernels' lists them all.");
    }

    [GeneratedRegex(@"^[A-Za-z0-9][A-Za-z0-9._+-]{0,63}$")]
    private static partial Regex Plain();
}
