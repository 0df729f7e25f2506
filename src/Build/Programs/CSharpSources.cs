using System.Security.Cryptography;
using System.Text;
using System.Xml.Linq;

namespace Understudy.Build;

/// <summary>Everything a C# program is made of, as far as it is not packages: its project, those it references, and what all of them inherit from the
/// directories above.</summary>
static class CSharpSources
{
    static readonly string[] s_inherited = ["Directory.Build.props", "Directory.Build.targets", "Directory.Packages.props", "global.json", "nuget.config"];
    static readonly string[] s_products = ["bin", "obj"];

    /// <summary>The one project in a directory.</summary>
    /// <exception cref="BuildFailedException">There is none, or more than one.</exception>
    public static string Project(string directory)
    {
        var projects = Directory.EnumerateFiles(directory, "*.csproj").ToList();
        return projects.Count == 1 ? projects[0] : throw new BuildFailedException($"{directory} holds {projects.Count} C# projects (.csproj); a program is a directory with one");
    }

    /// <summary>It is not a program, but what one loads: it says nothing of <c>OutputType</c>, or <c>Library</c>.</summary>
    /// <exception cref="BuildFailedException">The project cannot be read.</exception>
    public static bool IsLibrary(string project) => !Read(project).Descendants("OutputType").Any(type => type.Value.Trim().EndsWith("exe", StringComparison.OrdinalIgnoreCase));

    /// <summary>A hash of all of it.</summary>
    /// <exception cref="BuildFailedException">A project cannot be read.</exception>
    public static string Hash(string project)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var file in Closure(project).SelectMany(Files).Distinct().Order(StringComparer.Ordinal))
        {
            hash.AppendData(Encoding.UTF8.GetBytes($"{Path.GetRelativePath(Path.GetDirectoryName(project)!, file)}\0"));
            hash.AppendData(SHA256.HashData(File.ReadAllBytes(file)));
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset())[..16];
    }

    static HashSet<string> Closure(string project)
    {
        var closure = new HashSet<string> { project };
        for (var next = new Queue<string>(closure); next.TryDequeue(out var one);)
            foreach (var reference in References(one))
                if (closure.Add(reference)) next.Enqueue(reference);
        return closure;
    }

    static IEnumerable<string> References(string project)
        => [.. Read(project).Descendants("ProjectReference").Select(reference => Path.GetFullPath(((string?)reference.Attribute("Include") ?? "").Replace('\\', '/'), Path.GetDirectoryName(project)!))];

    static XDocument Read(string project)
    {
        try
        {
            return XDocument.Load(project);
        }
        catch (Exception wrong) when (wrong is IOException or System.Xml.XmlException)
        {
            throw new BuildFailedException($"{project} cannot be read: {wrong.Message}");
        }
    }

    static IEnumerable<string> Files(string project)
    {
        var directory = Path.GetDirectoryName(project)!;
        foreach (var file in Directory.EnumerateFiles(directory, "*", SearchOption.AllDirectories))
            if (!s_products.Contains(Path.GetRelativePath(directory, file).Split(Path.DirectorySeparatorChar)[0])) yield return file;
        for (var above = directory; above is not null; above = Path.GetDirectoryName(above))
            foreach (var name in s_inherited)
                if (Path.Combine(above, name) is var file && File.Exists(file)) yield return file;
    }
}
