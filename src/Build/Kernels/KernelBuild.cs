namespace Understudy.Build;

/// <summary>A kernel that was built.</summary>
/// <param name="Directory">Where what came of it is, in the cache: TuxMake's layout, with <c>build.log</c> and <c>metadata.json</c>.</param>
/// <param name="Image">The bootable image; null when it was not asked for.</param>
/// <param name="Modules">The directory that holds <c>lib/modules/RELEASE</c>; null when there are none.</param>
/// <param name="Config">What became of each configuration symbol that was asked for.</param>
/// <param name="Warnings">How many warnings compilers and linkers had.</param>
/// <param name="WasKnown">It had been built before from the same inputs.</param>
public sealed record KernelBuild(string Directory, string? Image, string? Modules, IReadOnlyList<ConfigRequest> Config, int Warnings, bool WasKnown)
{
    /// <summary>The directory in <see cref="Directory"/> with the modules as a debugger wants them.</summary>
    public const string DebugModules = "debug";

    /// <summary>The directory in <see cref="Directory"/> with the compiler's notes for gcov, laid out as the build tree.</summary>
    public const string Notes = "gcov";

    /// <summary>What <c>uname -r</c> prints in it.</summary>
    public string Release { get; init; } = "";

    /// <summary>The architecture it is for.</summary>
    public string Architecture { get; init; } = "";

    /// <summary>The files that came of it, those of TuxMake's layout.</summary>
    public IEnumerable<string> Artifacts => System.IO.Directory.EnumerateFiles(Directory).Where(file => !Path.GetFileName(file).StartsWith('.')).Order(StringComparer.Ordinal);
}
