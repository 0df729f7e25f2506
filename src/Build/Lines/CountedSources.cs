namespace Understudy.Build;

/// <summary>The sources of a driver whose lines are counted.</summary>
/// <param name="Notes">The directory of the compiler's notes.</param>
/// <param name="Below">The driver's directory in it.</param>
/// <param name="Name">What the compiler was told the directory of the sources is called.</param>
/// <param name="Directory">Where it is.</param>
public sealed record CountedSources(string Notes, string Below, string Name, string Directory)
{
    bool IsKernels => Name.StartsWith($"{DebugFiles.SourcesName}/", StringComparison.Ordinal);

    /// <summary>Those of a module of a kernel that was built here, by where its file is below <c>kernel/</c>; null where it counts nothing.</summary>
    public static CountedSources? OfKernel(DebugFiles files, string directory)
    {
        ArgumentNullException.ThrowIfNull(files);
        return files is { Notes: { } notes, Sources: { } sources } ? new(notes, directory, $"{DebugFiles.SourcesName}/{directory}", Path.Combine(sources, directory)) : null;
    }

    /// <summary>Those of a module that was built from a directory; null where it counts nothing.</summary>
    public static CountedSources? Of(BuiltModule module, string directory)
    {
        ArgumentNullException.ThrowIfNull(module);
        var notes = Path.Combine(Path.GetDirectoryName(module.Path)!, KernelBuild.Notes);
        var name = DebugFiles.SourcesOfModule(directory);
        return System.IO.Directory.Exists(notes) ? new(notes, Path.GetFileName(name), name, directory) : null;
    }

    /// <summary>The notes of the counters at a path in a guest's <c>gcov/</c> in debugfs; null for those of other sources.</summary>
    public string? NotesFor(string counters)
    {
        ArgumentNullException.ThrowIfNull(counters);
        var place = $"/{Below}/";
        var at = counters.LastIndexOf(place, StringComparison.Ordinal);
        if (at < 0) return null;
        var path = Path.Combine(Notes, Path.ChangeExtension(counters[(at + 1)..], ".gcno"));
        return File.Exists(path) ? path : null;
    }

    /// <summary>Where a file is that the compiler named so; null for those of other directories.</summary>
    public string? PathOf(string file)
    {
        ArgumentNullException.ThrowIfNull(file);
        // A module's own are compiled in their directory; the kernel's in another, where only what was generated has a name without a root.
        if (!Path.IsPathRooted(file)) return IsKernels || file.StartsWith("..", StringComparison.Ordinal) ? null : Path.Combine(Directory, file);
        return file.StartsWith($"{Name}/", StringComparison.Ordinal) ? Path.Combine(Directory, file[(Name.Length + 1)..]) : null;
    }
}
