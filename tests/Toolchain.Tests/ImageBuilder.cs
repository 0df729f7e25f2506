using System.Formats.Tar;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Understudy.Toolchain.Tests;

/// <summary>Makes layers and images as programs for containers do, and spoilt ones.</summary>
sealed class ImageBuilder(Scratch scratch)
{
    readonly List<(string Digest, string Content, long Size)> _layers = [];

    public string Architecture { get; set; } = "amd64";

    public string Directory => scratch.At("image");

    public Decompressor Decompressor { get; init; } = new(_ => Task.FromResult(new HostCommand("zstd", [])));

    public static byte[] Tar(params TarEntry[] entries)
    {
        var bytes = new MemoryStream();
        using (var tar = new TarWriter(bytes, TarEntryFormat.Pax, leaveOpen: true))
            foreach (var entry in entries) tar.WriteEntry(entry);
        return bytes.ToArray();
    }

    public static TarEntry File(string name, string text) => new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(Encoding.UTF8.GetBytes(text)) };

    public static TarEntry Folder(string name) => new PaxTarEntry(TarEntryType.Directory, name);

    public static TarEntry Link(string name, string to) => new PaxTarEntry(TarEntryType.SymbolicLink, name) { LinkName = to };

    public static TarEntry HardLink(string name, string to) => new PaxTarEntry(TarEntryType.HardLink, name) { LinkName = to };

    public static byte[] Gzip(byte[] bytes)
    {
        var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest)) gzip.Write(bytes);
        return packed.ToArray();
    }

    public string Blob(byte[] bytes)
    {
        var digest = Digest(bytes);
        System.IO.Directory.CreateDirectory(Path.Combine(Directory, "blobs/sha256"));
        System.IO.File.WriteAllBytes(PathOf(digest), bytes);
        return digest;
    }

    public string PathOf(string digest) => Path.Combine(Directory, "blobs", digest.Replace(':', '/'));

    public ImageBuilder Layer(byte[] tar, Func<byte[], byte[]>? compress = null)
    {
        var packed = compress?.Invoke(tar) ?? tar;
        _layers.Add((Blob(packed), Digest(tar), packed.Length));
        return this;
    }

    /// <summary>Writes configuration and manifest, and names the image in the layout's index.</summary>
    public string Image(params string[] tags)
    {
        var config = Blob(Json(new { architecture = Architecture, os = "linux", rootfs = new { type = "layers", diff_ids = _layers.Select(layer => layer.Content) } }));
        var manifest = Blob(Json(new { schemaVersion = 2, config = new { digest = config }, layers = _layers.Select(layer => new { digest = layer.Digest, size = layer.Size }) }));
        Index([.. tags.DefaultIfEmpty("").Select(tag => Descriptor(manifest, tag, null))]);
        return manifest;
    }

    public static JsonObject Descriptor(string digest, string tag, string? architecture)
    {
        var descriptor = new JsonObject { ["digest"] = digest };
        if (tag.Length > 0) descriptor["annotations"] = new JsonObject { ["org.opencontainers.image.ref.name"] = tag };
        if (architecture is not null) descriptor["platform"] = new JsonObject { ["os"] = "linux", ["architecture"] = architecture };
        return descriptor;
    }

    public void Index(params JsonNode[] manifests) => scratch.Write("image/index.json", new JsonObject { ["schemaVersion"] = 2, ["manifests"] = new JsonArray(manifests) }.ToJsonString());

    public async Task<OwnRootSource> OpenAsync(OwnRoot root) =>
        await OwnRootSource.OpenAsync(root, System.IO.Directory.CreateDirectory(scratch.At("scratch")).FullName, Decompressor, new Provisioning("a test", null), TestContext.Current.CancellationToken);

    /// <summary>The image's files, as a machine would get them.</summary>
    public async Task<RootFiles> UnpackAsync(string named)
    {
        var files = new RootFiles();
        using var source = await OpenAsync((OwnRoot)UserSpace.Named(named));
        var layers = new RootLayer(files);
        await source.ApplyAsync(layers, System.IO.Directory.CreateDirectory(scratch.At("staging")).FullName, TestContext.Current.CancellationToken);
        return files;
    }

    public static byte[] Json(object value) => JsonSerializer.SerializeToUtf8Bytes(value);

    public static string Digest(byte[] bytes) => $"sha256:{Convert.ToHexStringLower(SHA256.HashData(bytes))}";
}
