using System.Security.Cryptography;
using System.Text;

namespace Understudy.Build;

/// <summary>The sources of a module directory, and the copy of them that is built: the user's own directory is only read.</summary>
sealed class ModuleSources
{
    const int MostFiles = 20_000;

    static readonly string[] s_made = [".o", ".ko", ".mod", ".cmd", ".a", ".order", ".symvers", ".swp", ".mod.c", ".dwo"];

    readonly SortedDictionary<string, byte[]> _files = new(StringComparer.Ordinal);

    ModuleSources(string directory) => Directory = directory;

    public string Directory { get; }

    /// <summary>What tells these sources from others: names and contents.</summary>
    public string Hash { get; private set; } = "";

    /// <summary>The files by their names below the directory, in the order of these.</summary>
    public IEnumerable<KeyValuePair<string, byte[]>> Files => _files;

    /// <summary>Its owner may run this file.</summary>
    public bool IsExecutable(string name) => (File.GetUnixFileMode(Path.Combine(Directory, name)) & UnixFileMode.UserExecute) != 0;

    /// <summary>Reads them; links are followed, what an earlier build has left is not read.</summary>
    /// <exception cref="BuildFailedException">There is no directory, or nothing in it that kbuild could build.</exception>
    public static ModuleSources Read(string directory)
    {
        if (System.IO.Directory.Exists(directory) && !File.Exists(Path.Combine(directory, "Kbuild")) && !File.Exists(Path.Combine(directory, "Makefile")))
            throw new BuildFailedException($"{Path.GetFullPath(directory)} has no Kbuild and no Makefile. One line is enough: obj-m := NAME.o");
        return ReadAny(directory);
    }

    /// <summary>Reads them, however they are built.</summary>
    /// <exception cref="BuildFailedException">There is no directory, or too much in it.</exception>
    public static ModuleSources ReadAny(string directory)
    {
        directory = Path.TrimEndingDirectorySeparator(Path.GetFullPath(directory));
        if (!System.IO.Directory.Exists(directory)) throw new BuildFailedException($"There is no directory {directory} with the sources of a module.");
        var sources = new ModuleSources(directory);
        sources.Add(directory, "", 0);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var (name, content) in sources._files)
        {
            hash.AppendData(Encoding.UTF8.GetBytes($"{name}\n"));
            hash.AppendData(SHA256.HashData(content));
        }
        sources.Hash = Convert.ToHexStringLower(hash.GetHashAndReset());
        return sources;
    }

    void Add(string directory, string prefix, int depth)
    {
        if (depth > 32) throw new BuildFailedException($"{directory} is nested too deeply: a link may lead back into itself.");
        foreach (var entry in System.IO.Directory.EnumerateFileSystemEntries(directory))
        {
            var name = Path.GetFileName(entry);
            if (name.StartsWith('.') || s_made.Any(suffix => name.EndsWith(suffix, StringComparison.Ordinal))) continue;
            if (System.IO.Directory.Exists(entry)) Add(entry, $"{prefix}{name}/", depth + 1);
            else if (File.Exists(entry)) _files[prefix + name] = File.ReadAllBytes(entry);
            if (_files.Count > MostFiles) throw new BuildFailedException($"{Directory} holds more than {MostFiles} files: give the module's own directory.");
        }
    }

    /// <summary>Makes a directory hold them. What is already there as it should be is not touched, so that make goes on from there.</summary>
    public void CopyTo(string directory)
    {
        foreach (var (name, content) in _files)
        {
            var path = Path.Combine(directory, name);
            System.IO.Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            if (File.Exists(path) && content.AsSpan().SequenceEqual(File.ReadAllBytes(path))) continue;
            File.WriteAllBytes(path, content);
            File.SetUnixFileMode(path, File.GetUnixFileMode(Path.Combine(Directory, name)) | UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
        // What is no source any more must not be found by an #include; and each .ko is to come from this build.
        foreach (var path in System.IO.Directory.EnumerateFiles(directory, "*", SearchOption.AllDirectories).ToList())
        {
            var name = Path.GetRelativePath(directory, path);
            var isMade = Path.GetFileName(path).StartsWith('.') || s_made.Any(suffix => path.EndsWith(suffix, StringComparison.Ordinal));
            if (path.EndsWith(".ko", StringComparison.Ordinal) || !isMade && !_files.ContainsKey(name)) File.Delete(path);
        }
    }
}
