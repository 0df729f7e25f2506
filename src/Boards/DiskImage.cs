using System.Buffers.Binary;

namespace Understudy.Boards;

/// <summary>A disk image that a machine gets as a snapshot: the guest may write to its disk, and the file never changes.</summary>
/// <param name="Path">The file, an absolute path.</param>
/// <param name="Format">What QEMU calls its format: <c>raw</c> or <c>qcow2</c>.</param>
public sealed record DiskImage(string Path, string Format)
{
    const int Sector = 512, HeaderBytes = 512;

    // Where each begins, and what a user knows it by (QEMU's block/*.c; gzip and xz by their own specifications).
    static readonly (int Offset, byte[] Magic, string Name)[] s_others =
    [
        (0, "KDMV"u8.ToArray(), "a VMDK image"), (0, "vhdxfile"u8.ToArray(), "a VHDX image"), (0, "conectix"u8.ToArray(), "a VHD image"),
        (0x40, [0x7F, 0x10, 0xDA, 0xBE], "a VDI image"), (0, [0x1F, 0x8B], "compressed with gzip"), (0, [0xFD, (byte)'7', (byte)'z', (byte)'X', (byte)'Z'], "compressed with xz"),
        (0, [0x28, 0xB5, 0x2F, 0xFD], "compressed with zstd"), (0, "QED\0"u8.ToArray(), "a QED image"), (0, "#!"u8.ToArray(), "a script"),
    ];

    /// <summary>Looks at a file, and tells its format from its first bytes.</summary>
    /// <exception cref="FormatException">It is not there, cannot be read, or is no image of these formats; says what would be right.</exception>
    public static DiskImage Open(string path)
    {
        if (Directory.Exists(path)) throw new FormatException($"{path} is a directory; expected the path of a disk image, raw or qcow2");
        if (!File.Exists(path)) throw new FormatException($"there is no disk image {path}; expected the path of one, raw or qcow2");
        try
        {
            using var file = File.OpenRead(path);
            var header = new byte[HeaderBytes];
            var length = file.ReadAtLeast(header, HeaderBytes, throwOnEndOfStream: false);
            return new DiskImage(System.IO.Path.GetFullPath(path), FormatOf(path, header.AsSpan(0, length), file.Length));
        }
        catch (Exception unread) when (unread is IOException or UnauthorizedAccessException)
        {
            throw new FormatException($"the disk image {path} cannot be read: {unread.Message}");
        }
    }

    // Told to QEMU, which else guesses, and would believe a guest that writes another format's header to its raw disk.
    static string FormatOf(string path, ReadOnlySpan<byte> header, long length)
    {
        if (header.Length >= 8 && header.StartsWith((ReadOnlySpan<byte>)[(byte)'Q', (byte)'F', (byte)'I', 0xFB]))
            return BinaryPrimitives.ReadUInt32BigEndian(header[4..]) is 2 or 3 ? "qcow2" : throw new FormatException($"{path} is a qcow image of an old version; make a qcow2 of it: qemu-img convert -O qcow2");
        foreach (var (offset, magic, name) in s_others)
            if (header.Length >= offset + magic.Length && header[offset..].StartsWith(magic)) throw new FormatException($"{path} is no disk image but {name}; expected raw or qcow2, such as 'qemu-img convert -O qcow2' makes");
        return length > 0 && length % Sector == 0 ? "raw"
            : throw new FormatException(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{path} is no disk image: it is no qcow2, and a raw one is whole sectors of {Sector} bytes, not {length} bytes"));
    }
}
