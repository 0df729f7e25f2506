using System.Buffers.Binary;
using System.Text;

namespace Understudy.Toolchain;

/// <summary>
/// The parts of a bzImage that matter here: its version, and the compressed kernel inside it
/// (Documentation/arch/x86/boot.rst, "The Real-Mode Kernel Header").
/// </summary>
static class BzImage
{
    const int SetupSectors = 0x1F1;
    const int Magic = 0x202;
    const int Protocol = 0x206;
    const int KernelVersion = 0x20E;
    const int PayloadOffset = 0x248;
    const int PayloadLength = 0x24C;
    const int HeaderEnd = 0x250;
    const int SectorSize = 512;

    public static bool IsBzImage(ReadOnlySpan<byte> image) => image.Length >= HeaderEnd && image.Slice(Magic, 4).SequenceEqual("HdrS"u8);

    /// <summary>The release the image names itself, the first word of its version string; empty when it names none.</summary>
    public static string Release(ReadOnlySpan<byte> image)
    {
        var pointer = BinaryPrimitives.ReadUInt16LittleEndian(image[KernelVersion..]);
        if (pointer == 0 || pointer + SectorSize >= image.Length) return "";
        var text = image[(pointer + SectorSize)..];
        var end = text.IndexOfAny((byte)' ', (byte)0);
        return end is < 0 or > 128 ? "" : Encoding.ASCII.GetString(text[..end]);
    }

    /// <summary>The compressed kernel. Protocol 2.08 and newer say where it is.</summary>
    public static ReadOnlyMemory<byte> Payload(ReadOnlyMemory<byte> image, string what)
    {
        var header = image.Span;
        if (!IsBzImage(header)) throw Bad(what, "it has no 'HdrS' at offset 0x202");
        if (BinaryPrimitives.ReadUInt16LittleEndian(header[Protocol..]) < 0x208) throw Bad(what, "its boot protocol is older than 2.08");
        var setup = (header[SetupSectors] == 0 ? 4 : header[SetupSectors]) + 1;
        var start = (long)setup * SectorSize + BinaryPrimitives.ReadUInt32LittleEndian(header[PayloadOffset..]);
        var length = (long)BinaryPrimitives.ReadUInt32LittleEndian(header[PayloadLength..]);
        if (length < 8 || start + length > image.Length) throw Bad(what, "its payload lies outside the file, which may be truncated");
        var payload = image.Slice((int)start, (int)length);

        // The build appends the size of the unpacked kernel, except to gzip, which ends in it anyway (arch/x86/boot/compressed/Makefile, size_append).
        return CompressionMagic.Of(payload.Span) is Compression.Gzip or Compression.None ? payload : payload[..^4];
    }

    static ToolchainException Bad(string what, string why) => new(ToolchainProblem.BadFile,
        $"{what} is not a bzImage that can be used: {why}. Give arch/x86/boot/bzImage of a build for x86-64, or its vmlinux.");
}
