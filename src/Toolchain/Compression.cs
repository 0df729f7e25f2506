namespace Understudy.Toolchain;

/// <summary>The compressions kernels and modules come in, told apart by their first bytes (scripts/extract-vmlinux, kernel/module/decompress.c).</summary>
enum Compression
{
    None,
    Gzip,
    Xz,
    Lzma,
    Zstd,
    Lz4,
}

static class CompressionMagic
{
    public static Compression Of(ReadOnlySpan<byte> image) => image switch
    {
        [0x1F, 0x8B, ..] => Compression.Gzip,
        [0xFD, (byte)'7', (byte)'z', (byte)'X', (byte)'Z', 0, ..] => Compression.Xz,
        [0x5D, 0, 0, ..] => Compression.Lzma,
        [0x28, 0xB5, 0x2F, 0xFD, ..] => Compression.Zstd,
        [0x02, 0x21, 0x4C, 0x18, ..] or [0x04, 0x22, 0x4D, 0x18, ..] => Compression.Lz4,
        _ => Compression.None,
    };
}
