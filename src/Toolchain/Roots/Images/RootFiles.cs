using System.Formats.Tar;

namespace Understudy.Toolchain;

/// <summary>
/// A root file system as names in memory and contents in archives. Nothing of it is ever made on the host, so no name and no link of it can lead
/// anywhere but to other names of it: ".." of the root is the root, as after chroot(2).
/// </summary>
sealed class RootFiles
{
    const int MostLinks = 40, MostName = 255, MostPath = 4096, MostDepth = 1024;

    const UnixFileMode Directory755 = (UnixFileMode)0b111_101_101;

    readonly int _most;
    int _count;

    /// <param name="most">How many names there may be.</param>
    public RootFiles(int most = 1_000_000) => _most = most;

    public RootFile Root { get; } = new(TarEntryType.Directory) { Mode = Directory755 };

    /// <summary>How many names there are.</summary>
    public int Count => _count;

    /// <summary>What a path leads to, symbolic links followed; null when that is nothing.</summary>
    public RootFile? Find(string path) => Walk(path, null) is [.., var last] ? last : null;

    /// <summary>The first of these that is a regular file.</summary>
    public RootFile? FindAny(IEnumerable<string> paths) => paths.Select(Find).FirstOrDefault(file => file is { IsDirectory: false });

    /// <summary>The directory at a path, made where it is missing.</summary>
    /// <exception cref="InvalidDataException">Something on the way is no directory.</exception>
    public RootFile DirectoryAt(string path, int layer) => Walk(path, layer)[^1];

    /// <summary>Puts a file where a path says; what was there goes.</summary>
    public void Put(string path, RootFile file)
    {
        var (parent, name) = Split(path);
        var directory = DirectoryAt(parent, file.Layer);
        if (file.IsDirectory && directory.Children.TryGetValue(name, out var known) && known.IsDirectory)
        {
            (known.Mode, known.Uid, known.Gid, known.Time, known.Layer) = (file.Mode, file.Uid, file.Gid, file.Time, file.Layer);
            return;
        }
        Add(directory, name, file);
    }

    /// <summary>Removes what layers below this one have put there.</summary>
    /// <param name="path">What.</param>
    /// <param name="layer">The layer that wants it gone; what it brings itself stays.</param>
    /// <param name="within">Its content only.</param>
    public void Remove(string path, int layer, bool within)
    {
        if (within)
        {
            if (Find(path) is { IsDirectory: true } directory) Empty(directory, layer);
            return;
        }
        var (parent, name) = Split(path);
        if (Find(parent) is not { IsDirectory: true } holder || !holder.Children.TryGetValue(name, out var file)) return;
        if (file.IsDirectory) Empty(file, layer);
        if (file.Layer < layer && file.Children.Count == 0) Drop(holder, name);
    }

    /// <summary>Every name with what it is, a directory before what is in it.</summary>
    public IEnumerable<(string Path, RootFile File)> All()
    {
        var open = new Stack<(string Path, RootFile File)>();
        open.Push(("", Root));
        while (open.TryPop(out var at))
        {
            if (at.Path.Length > 0) yield return at;
            foreach (var (name, child) in at.File.Children.Reverse()) open.Push((at.Path.Length == 0 ? name : $"{at.Path}/{name}", child));
        }
    }

    /// <summary>A member's name as a path in the root: without "./" and slashes around it.</summary>
    /// <exception cref="InvalidDataException">It leads out of the root, or is no name.</exception>
    public static string Plain(string name)
    {
        var parts = name.Split('/').Where(part => part is not ("" or ".")).ToList();
        if (parts.Contains("..")) throw new InvalidDataException($"'{name}' leads out of the root");
        if (name.Length > MostPath || parts.Any(part => part.Length > MostName || part.Contains('\0', StringComparison.Ordinal))) throw new InvalidDataException($"'{name[..Math.Min(name.Length, 80)]}' is longer than a name can be");
        return string.Join('/', parts);
    }

    static (string Parent, string Name) Split(string path) => path.LastIndexOf('/') is >= 0 and var slash ? (path[..slash], path[(slash + 1)..]) : ("", path);

    void Empty(RootFile directory, int layer)
    {
        foreach (var (name, child) in directory.Children.ToList())
        {
            if (child.IsDirectory) Empty(child, layer);
            if (child.Layer < layer && child.Children.Count == 0) Drop(directory, name);
        }
    }

    void Drop(RootFile directory, string name)
    {
        if (directory.Children.Remove(name)) _count--;
    }

    RootFile Add(RootFile directory, string name, RootFile file)
    {
        if (!directory.Children.TryGetValue(name, out var old)) _count++;
        else _count -= Below(old);
        if (_count > _most) throw new InvalidDataException($"there are more than {_most} files");
        return directory.Children[name] = file;
    }

    static int Below(RootFile file) => file.Children.Values.Sum(child => 1 + Below(child));

    // path_resolution(7), with this root: the directories on the way and what it ends at; empty when there is nothing, which is made when a layer is given.
    List<RootFile> Walk(string path, int? make)
    {
        var way = new List<RootFile> { Root };
        var ahead = new Stack<string>(path.Split('/').Reverse());
        var links = 0;
        while (ahead.TryPop(out var name))
        {
            if (name is "" or ".") continue;
            if (name == "..")
            {
                if (way.Count > 1) way.RemoveAt(way.Count - 1);
                continue;
            }
            if (!way[^1].IsDirectory) return make is null ? [] : throw new InvalidDataException($"'{path}' goes through a file that is no directory");
            if (!way[^1].Children.TryGetValue(name, out var next))
            {
                if (make is not { } layer) return [];
                next = Add(way[^1], name, new RootFile(TarEntryType.Directory) { Mode = Directory755, Layer = layer });
            }
            if (!next.IsLink)
            {
                way.Add(next);
                if (way.Count > MostDepth) throw new InvalidDataException($"directories are in each other more than {MostDepth} times");
                continue;
            }
            if (++links > MostLinks) return make is null ? [] : throw new InvalidDataException($"'{path}' goes through symbolic links without end");
            if (next.Target.StartsWith('/')) way.RemoveRange(1, way.Count - 1);
            foreach (var part in next.Target.Split('/').Reverse()) ahead.Push(part);
        }
        return make is null || way[^1].IsDirectory ? way : throw new InvalidDataException($"'{path}' is no directory");
    }
}
