using System.IO.Compression;

namespace Understudy.Toolchain;

/// <summary>Decompresses layers and archives, up to a size: a few bytes can be made to stand for more than any disk.</summary>
/// <param name="zstd">Tells how zstd is called here.</param>
/// <param name="most">The most bytes that come out.</param>
sealed class Decompressor(Func<CancellationToken, Task<HostCommand>> zstd, long most = 32L << 30)
{
    const int Magic = 6;

    /// <summary>Decompresses what its first bytes say is compressed, and copies what is not.</summary>
    /// <exception cref="ToolchainException">It is damaged, too much, or compressed in another way than with gzip or zstd.</exception>
    public async Task DecompressAsync(Stream source, string output, string name, CancellationToken cancel)
    {
        var start = new byte[Magic];
        var length = await source.ReadAtLeastAsync(start, Magic, throwOnEndOfStream: false, cancel).ConfigureAwait(false);
        source.Position = 0;
        switch (CompressionMagic.Of(start.AsSpan(0, length)))
        {
            case Compression.None: await CopyAsync(source, output, name, cancel).ConfigureAwait(false); break;
            case Compression.Gzip: await GunzipAsync(source, output, name, cancel).ConfigureAwait(false); break;
            case Compression.Zstd: await UnzstdAsync(source, output, name, cancel).ConfigureAwait(false); break;
            case var other: throw new ToolchainException(ToolchainProblem.BadFile, $"{name} is compressed with {other.ToString().ToLowerInvariant()}, and images are with gzip or zstd.");
        }
    }

    async Task GunzipAsync(Stream source, string output, string name, CancellationToken cancel)
    {
        await using var gunzip = new GZipStream(source, CompressionMode.Decompress, leaveOpen: true);
        try
        {
            await CopyAsync(gunzip, output, name, cancel).ConfigureAwait(false);
        }
        catch (InvalidDataException damaged)
        {
            throw new ToolchainException(ToolchainProblem.BadFile, $"{name} is damaged: {damaged.Message}", damaged);
        }
    }

    async Task UnzstdAsync(Stream source, string output, string name, CancellationToken cancel)
    {
        var compressed = $"{output}.zst";
        await CopyAsync(source, compressed, name, cancel).ConfigureAwait(false);
        var command = await zstd(cancel).ConfigureAwait(false);
        await HostProcess.RequireAsync(command with { Arguments = [.. command.Arguments, "-q", "-d", "-c", compressed], OutputFile = output, MostOutput = most }, $"decompressing {name}", cancel).ConfigureAwait(false);
        File.Delete(compressed);
    }

    Task CopyAsync(Stream source, string output, string name, CancellationToken cancel) => LimitedFile.WriteAsync(output, source, most, $"{name}, decompressed,", cancel);
}
