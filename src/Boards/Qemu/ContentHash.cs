using System.Collections.Concurrent;
using System.Security.Cryptography;

namespace Understudy.Boards;

/// <summary>SHA-256 of files, each read once as long as it does not change.</summary>
static class ContentHash
{
    static readonly ConcurrentDictionary<(string Path, long Length, long Ticks), byte[]> s_known = new();

    public static byte[] Of(string path)
    {
        var file = new FileInfo(path);
        return s_known.GetOrAdd((path, file.Length, file.LastWriteTimeUtc.Ticks), static key => SHA256.HashData(File.ReadAllBytes(key.Path)));
    }
}
