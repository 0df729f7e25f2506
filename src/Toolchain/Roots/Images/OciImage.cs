using System.Security.Cryptography;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Understudy.Toolchain;

/// <summary>One image for this kind of machine: what identifies it, and its layers, the lowest first.</summary>
/// <param name="Id">The SHA-256 of its configuration, which names the content of each layer.</param>
/// <param name="Layers">Each as the file it is in, the digest of that file where it is said, and the digest of what is compressed in it.</param>
sealed partial record OciImage(string Id, IReadOnlyList<(string File, string? Digest, string Content)> Layers)
{
    const string Architecture = "amd64", System = "linux", RefName = "org.opencontainers.image.ref.name", ImageName = "io.containerd.image.name";
    const int MostLayers = 512, MostJson = 16 << 20, MostIndexes = 4;

    /// <summary>Finds an image: by the OCI image layout (image-layout.md), or by the manifest.json of <c>docker save</c>.</summary>
    /// <param name="files">Where.</param>
    /// <param name="tag">Which of several.</param>
    /// <exception cref="ToolchainException">There is none, none of this tag, or none for this kind of machine; or a digest is wrong.</exception>
    public static OciImage Read(ImageFiles files, string? tag)
    {
        try
        {
            if (Json(files, "index.json", null) is { } index) return OfManifest(files, Select(files, index, tag, 0));
            if (Json(files, "manifest.json", null) is { } saved) return OfSaved(files, saved, tag);
            throw Bad(files, $"is no image: there is neither index.json (an OCI layout) nor manifest.json ('docker save') in it. It has to be a directory, or a tar archive of one");
        }
        catch (Exception bad) when (bad is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new ToolchainException(ToolchainProblem.BadFile, $"{files.Name} is no image that can be read: {bad.Message}", bad);
        }
    }

    // The manifest of the tag and, where that is an index of one image for many machines, of this one.
    static JsonElement Select(ImageFiles files, JsonElement index, string? tag, int depth)
    {
        if (depth > MostIndexes) throw Bad(files, "has indexes in each other without end");
        var all = index.GetProperty("manifests").EnumerateArray().ToList();
        var named = Tagged(all, tag, Names);
        if (named.Count == 0) throw Missing(files, tag, all.SelectMany(Names));
        var ours = named.Where(IsOurs).ToList();
        if (ours.Count == 0) throw Foreign(files, named.Select(Platform));
        var chosen = ours.Count == 1 ? ours[0] : ours.Where(one => Platform(one).Length > 0).ToList() is [var only] ? only
            : throw Bad(files, $"has {ours.Count} images: name one, as oci:{files.Name}:TAG. The tags are {Listed(ours.SelectMany(Names))}");
        var inner = Blob(files, chosen);
        return inner.TryGetProperty("manifests", out _) ? Select(files, inner, null, depth + 1) : inner;
    }

    // A tag, or a whole name with it; all where nobody names one.
    static List<JsonElement> Tagged(List<JsonElement> all, string? tag, Func<JsonElement, IEnumerable<string>> names)
        => tag is null ? all : [.. all.Where(one => names(one).Any(name => name == tag || name.EndsWith($":{tag}", StringComparison.Ordinal)))];

    static OciImage OfManifest(ImageFiles files, JsonElement manifest)
    {
        var config = manifest.GetProperty("config");
        var layers = manifest.GetProperty("layers").EnumerateArray().Select(layer => Digest(files, layer)).ToList();
        return Of(files, Blob(files, config), Digest(files, config), [.. layers.Select(digest => (BlobFile(digest), (string?)digest))]);
    }

    // docker save, image/tarexport/tarexport.go: a list of images; the configuration's file is named by its digest.
    static OciImage OfSaved(ImageFiles files, JsonElement saved, string? tag)
    {
        static IEnumerable<string> Tags(JsonElement one) => one.TryGetProperty("RepoTags", out var tags) && tags.ValueKind == JsonValueKind.Array ? tags.EnumerateArray().Select(name => name.GetString()!) : [];
        var all = saved.EnumerateArray().ToList();
        var named = Tagged(all, tag, Tags);
        if (named is not [var image]) throw named.Count == 0 ? Missing(files, tag, all.SelectMany(Tags)) : Bad(files, $"has {named.Count} images: name one, as oci:{files.Name}:TAG. The tags are {Listed(all.SelectMany(Tags))}");
        var path = RootFiles.Plain(image.GetProperty("Config").GetString()!);
        var bytes = Bytes(files, path) ?? throw Bad(files, $"lacks {path}, its configuration");
        var digest = Named(SHA256.HashData(bytes));
        if (ConfigurationFile().Match(path) is { Success: true } said && $"sha256:{said.Groups[1].Value}" != digest) throw Wrong(files.Name, path, $"sha256:{said.Groups[1].Value}", digest);
        return Of(files, Parse(bytes), digest, [.. image.GetProperty(nameof(Layers)).EnumerateArray().Select(layer => (RootFiles.Plain(layer.GetString()!), (string?)null))]);
    }

    static OciImage Of(ImageFiles files, JsonElement config, string digest, IReadOnlyList<(string File, string? Digest)> layers)
    {
        var platform = $"{Text(config, "os")}/{Text(config, "architecture")}";
        if (platform != $"{System}/{Architecture}") throw Foreign(files, [platform]);
        var contents = config.GetProperty("rootfs").GetProperty("diff_ids").EnumerateArray().Select(id => Checked(files, id.GetString())).ToList();
        if (layers.Count is 0 or > MostLayers || contents.Count != layers.Count) throw Bad(files, $"has {layers.Count} layers, and its configuration names {contents.Count}");
        return new OciImage(digest, [.. layers.Zip(contents, (layer, content) => (layer.File, layer.Digest, content))]);
    }

    static JsonElement Blob(ImageFiles files, JsonElement descriptor)
    {
        var digest = Digest(files, descriptor);
        return Json(files, BlobFile(digest), digest) ?? throw Bad(files, $"lacks {BlobFile(digest)}, which its index or manifest names");
    }

    static JsonElement? Json(ImageFiles files, string path, string? digest)
    {
        if (Bytes(files, path) is not { } bytes) return null;
        var real = Named(SHA256.HashData(bytes));
        return digest is null || digest == real ? Parse(bytes) : throw Wrong(files.Name, path, digest, real);
    }

    static byte[]? Bytes(ImageFiles files, string path)
    {
        if (files.Open(path) is not { } stream) return null;
        if (stream.Length > MostJson) throw Bad(files, $"has {path} of {stream.Length} bytes, which should be a short text");
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }

    static JsonElement Parse(byte[] bytes)
    {
        using var document = JsonDocument.Parse(bytes);
        return document.RootElement.Clone();
    }

    /// <summary>A SHA-256 as images write it.</summary>
    internal static string Named(byte[] hash) => $"sha256:{Convert.ToHexStringLower(hash)}";

    internal static ToolchainException Wrong(string image, string path, string said, string real) => new(ToolchainProblem.Unverified, $"{image} is damaged: {path} should have the digest {said} and has {real}.");

    static string Digest(ImageFiles files, JsonElement descriptor) => Checked(files, descriptor.GetProperty("digest").GetString());

    static string Checked(ImageFiles files, string? digest) => Sha256().IsMatch(digest ?? "") ? digest! : throw Bad(files, $"has the digest '{digest}': expected sha256: and 64 digits in hexadecimal");

    static string BlobFile(string digest) => $"blobs/{digest.Replace(':', '/')}";

    static IEnumerable<string> Names(JsonElement descriptor) => descriptor.TryGetProperty("annotations", out var notes) && notes.ValueKind == JsonValueKind.Object
        ? notes.EnumerateObject().Where(note => note.Name is RefName or ImageName).Select(note => note.Value.GetString() ?? "") : [];

    static string Platform(JsonElement descriptor) => descriptor.TryGetProperty("platform", out var platform) ? $"{Text(platform, "os")}/{Text(platform, "architecture")}" : "";

    // Where no machine is said, the configuration says it.
    static bool IsOurs(JsonElement descriptor) => Platform(descriptor) is "" or $"{System}/{Architecture}";

    static string Text(JsonElement element, string name) => element.TryGetProperty(name, out var value) ? value.GetString() ?? "" : "";

    static string Listed(IEnumerable<string> names) => names.Distinct().ToList() is { Count: > 0 } some ? string.Join(", ", some) : "none";

    static ToolchainException Bad(ImageFiles files, string what) => new(ToolchainProblem.BadFile, $"{files.Name} {what}.");

    static ToolchainException Missing(ImageFiles files, string? tag, IEnumerable<string> known) =>
        new(ToolchainProblem.UnknownName, tag is null ? $"{files.Name} has no image." : $"{files.Name} has no image '{tag}'. The tags in it are {Listed(known)}.");

    static ToolchainException Foreign(ImageFiles files, IEnumerable<string> platforms) =>
        new(ToolchainProblem.BadFile, $"{files.Name} is an image for {Listed(platforms)}, and a guest here is {System}/{Architecture}: pull it with --platform {System}/{Architecture}.");

    [GeneratedRegex("^sha256:[0-9a-f]{64}$")]
    private static partial Regex Sha256();

    [GeneratedRegex(@"^(?:blobs/sha256/)?([0-9a-f]{64})(?:\.json)?$")]
    private static partial Regex ConfigurationFile();
}
