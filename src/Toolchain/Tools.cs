using System.IO.Compression;

namespace Understudy.Toolchain;

/// <summary>The small programs of the tools prefix: decompressors, depmod, the C compiler with its library, busybox.</summary>
sealed class Tools(Prefix prefix, UnderstudyCache cache)
{
    public static readonly PrefixRecipe Recipe = new("tools", "tools",
        ["busybox-static", "xz-utils", "zstd", "lz4", "kmod", "tcc", "linux-libc-dev"], ["musl-dev"], "tcc", null);

    public Prefix Prefix => prefix;

    public string Busybox => prefix.At("usr/bin/busybox");

    /// <summary>Decompresses one image into a file; <paramref name="what"/> names it in errors.</summary>
    public async Task DecompressAsync(Compression compression, ReadOnlyMemory<byte> image, string output, string what, CancellationToken cancel)
    {
        if (compression == Compression.Gzip)
        {
            await GunzipAsync(image, output, what, cancel).ConfigureAwait(false);
            return;
        }
        var program = compression switch
        {
            Compression.Xz or Compression.Lzma => "usr/bin/xz",
            Compression.Zstd => "usr/bin/zstd",
            Compression.Lz4 => "usr/bin/lz4",
            _ => throw new ToolchainException(ToolchainProblem.BadFile,
                $"{what} is compressed in a way that is not known here. Known: gzip, xz, lzma, zstd, lz4."),
        };
        var command = prefix.Command(program, ["-d", "-c"]) with { Input = image, OutputFile = output };
        await HostProcess.RequireAsync(command, $"decompressing {what}", cancel).ConfigureAwait(false);
    }

    static async Task GunzipAsync(ReadOnlyMemory<byte> image, string output, string what, CancellationToken cancel)
    {
        using var source = new MemoryStream(image.ToArray(), writable: false);
        await using var gunzip = new GZipStream(source, CompressionMode.Decompress);
        await using var file = File.Create(output);
        try
        {
            await gunzip.CopyToAsync(file, cancel).ConfigureAwait(false);
        }
        catch (InvalidDataException damaged)
        {
            throw new ToolchainException(ToolchainProblem.BadFile, $"{what} is damaged: {damaged.Message}", damaged);
        }
    }

    /// <summary>Runs depmod(8) over <c>root/lib/modules/release</c> and writes what it finds under <c>output</c> in the same layout.</summary>
    public Task<HostResult> DepmodAsync(string root, string release, string output, CancellationToken cancel) => HostProcess.RequireAsync(
        prefix.Command("usr/bin/kmod", ["-b", root, "-o", output, release], name: "depmod"), $"reading the modules of {release}", cancel);

    public string CacheRoot => cache.Root;
}
