using System.Text.RegularExpressions;
using Understudy.Toolchain;

namespace Understudy.Runner.Suites;

/// <summary>What files and directories are made of beside themselves: the headers that C files include by <c>#include "..."</c>, theirs in turn, and
/// where symbolic links lead.</summary>
sealed partial class SourceClosure
{
    static readonly string[] s_sources = [".c", ".h", ".S"];

    static readonly string[] s_makefiles = ["Kbuild", "Makefile"];

    readonly Dictionary<string, IReadOnlyList<string>> _known = [];

    /// <summary>A source and all it takes, as absolute paths. A file that is included and is nowhere is named where it would be looked for first.</summary>
    public IReadOnlyList<string> Of(string source)
    {
        if (!_known.TryGetValue(source, out var all)) _known[source] = all = Follow(source);
        return all;
    }

    static List<string> Follow(string source)
    {
        var found = new HashSet<string>();
        var ahead = new Queue<(string Path, string Base)>([(source, source)]);
        while (ahead.TryDequeue(out var next))
        {
            var (path, root) = next;
            if (!found.Add(path)) continue;
            if (Target(path) is { } target) ahead.Enqueue((target, Directory.Exists(target) ? target : root));
            else if (Directory.Exists(path))
                foreach (var inside in Directory.EnumerateFileSystemEntries(path).Where(inside => Directory.Exists(inside) || s_sources.Contains(Path.GetExtension(inside)))) ahead.Enqueue((inside, root));
            else if (s_sources.Contains(Path.GetExtension(path)) && File.Exists(path))
                foreach (var header in Includes(path, root)) ahead.Enqueue((header, root));
        }
        return [.. found];
    }

    static string? Target(string path) => new FileInfo(path).LinkTarget is { } link ? Path.GetFullPath(link, Path.GetDirectoryName(path)!) : null;

    static IEnumerable<string> Includes(string file, string root)
    {
        var places = Places(Path.GetDirectoryName(file)!, root);
        foreach (var name in QuotedIncludes.In(file))
        {
            var paths = places.Select(place => Path.GetFullPath(name, place)).ToList();
            yield return paths.FirstOrDefault(File.Exists) ?? paths[0];
        }
    }

    // As the compiler looks: beside the file, then where -I says.
    static List<string> Places(string beside, string root) =>
    [
        beside, root,
        .. s_makefiles.Select(name => Path.Combine(root, name)).Where(File.Exists).SelectMany(File.ReadLines)
            .SelectMany(line => Place().Matches(line)).Select(match => Path.GetFullPath(match.Groups[1].Value.TrimStart('/'), root)),
    ];

    [GeneratedRegex(@"-I\s*\$[({](?:src|M|PWD|CURDIR)[)}](/\S+)")]
    private static partial Regex Place();
}
