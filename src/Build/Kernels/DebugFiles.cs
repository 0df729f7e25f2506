using Understudy.Toolchain;

namespace Understudy.Build;

/// <summary>What was kept of a kernel that was built here, for those who look into it from outside: debuggers, gcov.</summary>
/// <param name="Sources">The directory of its sources; <see cref="SourcesName"/> stands for it in what the compiler wrote.</param>
/// <param name="Modules">Its own modules with their debug information; none where its profile has none, or it was built before they were kept.</param>
/// <param name="Notes">The directory of the compiler's notes for gcov; null for a kernel that counts nothing.</param>
public sealed record DebugFiles(string? Sources, IReadOnlyList<string> Modules, string? Notes)
{
    /// <summary>What the compiler was told the directory of the sources is called.</summary>
    public const string SourcesName = "/usr/src/linux";

    /// <summary>What the compiler was told the directory of an external module's sources is called.</summary>
    public static string SourcesOfModule(string directory) => $"/usr/src/{ModuleBuilder.Plain(Path.GetFileName(Path.TrimEndingDirectorySeparator(directory)))}";

    const string Include = "include ", Makefile = "/Makefile";

    /// <summary>Finds them; of a kernel that was not built here there are none.</summary>
    public static DebugFiles Of(Kernel kernel)
    {
        ArgumentNullException.ThrowIfNull(kernel);
        var root = kernel.ModulesDirectory is { } modules ? Path.GetFullPath("../../..", modules) : null;
        if (root is null || !File.Exists(Path.Combine(root, BuildMetadata.FileName))) return new DebugFiles(null, [], null);
        var (debug, notes) = (Path.Combine(root, KernelBuild.DebugModules), Path.Combine(root, KernelBuild.Notes));
        return new DebugFiles(SourcesOf(Path.Combine(kernel.ModulesDirectory!, "build/Makefile")), Directory.Exists(debug) ? [.. Directory.EnumerateFiles(debug)] : [], Directory.Exists(notes) ? notes : null);
    }

    // As DevelopmentTree wrote it.
    static string? SourcesOf(string makefile)
    {
        var line = File.Exists(makefile) ? File.ReadLines(makefile).LastOrDefault(line => line.StartsWith(Include, StringComparison.Ordinal) && line.EndsWith(Makefile, StringComparison.Ordinal)) : null;
        return line is not null && Directory.Exists(line[Include.Length..^Makefile.Length]) ? line[Include.Length..^Makefile.Length] : null;
    }
}
