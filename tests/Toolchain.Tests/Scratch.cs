namespace Understudy.Toolchain.Tests;

/// <summary>A directory for one test, gone afterwards.</summary>
sealed class Scratch : IDisposable
{
    readonly string _path = Directory.CreateTempSubdirectory("understudy-test-").FullName;

    public UnderstudyCache Cache => UnderstudyCache.Open(At("cache"));

    public string At(string path) => Path.Combine(_path, path);

    public string Write(string path, string text)
    {
        var file = At(path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text);
        return file;
    }

    public void Dispose() => Directory.Delete(_path, recursive: true);
}
