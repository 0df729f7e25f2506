using System.Diagnostics;

namespace Understudy.Architecture.Tests;

/// <summary>The checkout these tests were built from.</summary>
static class Repository
{
    public static string Root { get; } = FindRoot(AppContext.BaseDirectory);

    /// <summary>A path in it, written with slashes.</summary>
    public static string Path(string relative) => System.IO.Path.Combine(Root, relative);

    public static string Relative(string path) => System.IO.Path.GetRelativePath(Root, path).Replace('\\', '/');

    /// <summary>Source files below a folder, what the build left behind excluded.</summary>
    public static IEnumerable<string> Sources(string folder, string pattern = "*.cs")
        => Directory.EnumerateFiles(Path(folder), pattern, SearchOption.AllDirectories)
            .Where(file => !Relative(file).Split('/').Any(part => part is "bin" or "obj"))
            .Order(StringComparer.Ordinal);

    /// <summary>Every file under version control, relative to the root; null where this is no checkout or there is no git.</summary>
    public static string[]? TrackedFiles()
    {
        try
        {
            using var git = Process.Start(new ProcessStartInfo("git", ["-C", Root, "ls-files", "-z"]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            var names = git.StandardOutput.ReadToEnd().Split('\0', StringSplitOptions.RemoveEmptyEntries);
            git.WaitForExit();
            return git.ExitCode == 0 ? [.. names.Where(name => File.Exists(Path(name)))] : null;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }

    static string FindRoot(string start)
    {
        for (var folder = new DirectoryInfo(start); folder is not null; folder = folder.Parent)
            if (File.Exists(System.IO.Path.Combine(folder.FullName, "Understudy.slnx"))) return folder.FullName;
        throw new DirectoryNotFoundException($"No folder above {start} holds Understudy.slnx.");
    }
}
