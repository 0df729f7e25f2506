using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Understudy.Toolchain;

/// <summary>The small files of the cache that remember what was found, so that finding it again needs no process.</summary>
[JsonSourceGenerationOptions(WriteIndented = true)]
[JsonSerializable(typeof(AptStamp))]
[JsonSerializable(typeof(PrefixStamp))]
[JsonSerializable(typeof(SystemQemuStamp))]
[JsonSerializable(typeof(KernelStamp))]
[JsonSerializable(typeof(CatalogStamp))]
[JsonSerializable(typeof(OwnRootDisk))]
sealed partial class CacheJson : JsonSerializerContext
{
    /// <summary>The file's content, or null when it is absent or not of this shape: it is then made anew.</summary>
    public static T? Read<T>(string path, JsonTypeInfo<T> shape) where T : class
    {
        try
        {
            return File.Exists(path) ? JsonSerializer.Deserialize(File.ReadAllBytes(path), shape) : null;
        }
        catch (Exception failure) when (failure is JsonException or IOException)
        {
            return null;
        }
    }

    public static void Write<T>(UnderstudyCache cache, string path, T value, JsonTypeInfo<T> shape) =>
        cache.WriteWhole(path, JsonSerializer.SerializeToUtf8Bytes(value, shape));
}
