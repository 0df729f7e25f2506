using System.Formats.Tar;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Understudy.Toolchain;

/// <summary>Debian's headers of a kernel in a root file system that may be of another release, or another distribution.</summary>
static partial class RootHeaders
{
    const string Triplet = "x86_64-linux-gnu-";

    // No C library and no build tool is larger; what an image calls one may be.
    const int MostText = 64 << 20;

    /// <summary>The headers of this kernel are there.</summary>
    public static bool Has(RootFiles files, Kernel kernel) => files.FindAny([$"lib/modules/{kernel.Release}/build/Makefile"]) is not null;

    /// <summary>Has headers that were brought use the compiler that is there, where the kernel's own is not.</summary>
    /// <returns>What came of it, in words.</returns>
    /// <exception cref="ToolchainException">What is there is too old for this kernel (<see cref="ToolchainProblem.Unsatisfiable"/>).</exception>
    public static string Fit(RootFiles files, string name, Kernel kernel)
    {
        var headers = $"usr/src/{HeadersShelf.Prefix}{kernel.Release}";
        var needed = Newest(files.All().Where(at => at.Path.StartsWith("usr/lib/linux-kbuild-", StringComparison.Ordinal)).Select(at => at.File));
        var libc = RootNeeds.Library(files, "libc.so.6");
        if (libc is null || Newest([libc]) < needed)
            throw Unfit($"the build tools of Debian's headers of {kernel.Name} need a GNU C library of {needed} or newer, and {name} has {(libc is null ? "none" : Newest([libc]))}");
        var path = $"{headers}/.kernelvariables";
        var text = files.Find(path) is { } file ? Text(file) : "";
        if (!Compiler().IsMatch(text)) return $"Debian's headers of {kernel.Release} brought";
        var major = int.Parse(Compiler().Match(text).Groups[1].ValueSpan, CultureInfo.InvariantCulture);
        if (RootNeeds.Program(files, $"gcc-{major}") is not null && RootNeeds.Program(files, $"{Triplet}gcc-{major}") is not null) return $"Debian's headers of {kernel.Release} brought";
        var own = GccOf(files);
        if (own < major) throw Unfit(string.Create(CultureInfo.InvariantCulture, $"{kernel.Name} was built by gcc {major}, whose options an older gcc does not know, and {name} has gcc {own}"));
        files.Put(path, new RootFile(TarEntryType.RegularFile)
        {
            Mode = (UnixFileMode)0b110_100_100, Layer = int.MaxValue,
            Content = new MemoryStream(Encoding.UTF8.GetBytes(string.Join('\n', text.Split('\n').Where(line => !Foreign().IsMatch(line))) + "\nCC = gcc\noverride CROSS_COMPILE =\n")),
        });
        return string.Create(CultureInfo.InvariantCulture, $"Debian's headers of {kernel.Release} brought, for its own gcc {own} where the kernel's was gcc {major}");
    }

    // gcc's own files are in a directory of its version: usr/lib/gcc/MACHINE/VERSION.
    static int GccOf(RootFiles files) => ((string[])["usr/lib/gcc", "usr/lib64/gcc"]).Select(files.Find).OfType<RootFile>().SelectMany(at => at.Children.Values).SelectMany(machine => machine.Children)
        .Where(version => version.Value.IsDirectory && version.Value.Children.ContainsKey("cc1") || version.Value.Children.ContainsKey("libgcc.a"))
        .Select(version => int.TryParse(version.Key.Split('.')[0], NumberStyles.None, CultureInfo.InvariantCulture, out var major) ? major : 0).DefaultIfEmpty().Max();

    // The versions of symbols are texts in an ELF file.
    static Version Newest(IEnumerable<RootFile> programs) => programs.Where(file => file is { IsDirectory: false, IsLink: false }).SelectMany(file => LibcVersion().Matches(Text(file)))
        .Select(match => Version.Parse(match.Groups[1].ValueSpan)).Append(new Version(2, 0)).Max()!;

    static string Text(RootFile file)
    {
        if (file.Content is not { } content) return "";
        content.Position = 0;
        var bytes = new byte[(int)Math.Min(content.Length, MostText)];
        content.ReadExactly(bytes);
        return Encoding.Latin1.GetString(bytes);
    }

    static ToolchainException Unfit(string why) => new(ToolchainProblem.Unsatisfiable, why);

    [GeneratedRegex(@"\bgcc-(\d{1,3})\b")]
    private static partial Regex Compiler();

    [GeneratedRegex(@"^\s*(override\s+CROSS_COMPILE|CC\s*=|CCACHE|ifneq|endif|DEB_BUILD_ARCH)")]
    private static partial Regex Foreign();

    [GeneratedRegex(@"\bGLIBC_(2\.\d{1,3})\b")]
    private static partial Regex LibcVersion();
}
