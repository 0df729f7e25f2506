using System.Buffers.Binary;
using System.Text;

namespace Understudy.Toolchain;

/// <summary>An uncompressed x86-64 kernel: a 64-bit little-endian ELF file (elf(5)).</summary>
static class ElfKernel
{
    const int ProgramHeaderOffset = 0x20;
    const int ProgramHeaderSize = 0x36;
    const int ProgramHeaderCount = 0x38;
    const int HeaderEnd = 0x40;
    const uint NoteSegment = 4;
    const uint XenPhys32Entry = 18;

    public static bool IsElf(ReadOnlySpan<byte> image) => image.Length >= HeaderEnd && image.StartsWith("\u007fELF\u0002\u0001"u8);

    /// <summary>
    /// True when the kernel has the note XEN_ELFNOTE_PHYS32_ENTRY, by which QEMU boots it directly (CONFIG_PVH;
    /// include/xen/interface/elfnote.h).
    /// </summary>
    public static bool HasPvhEntry(ReadOnlySpan<byte> image)
    {
        if (!IsElf(image)) return false;
        var table = BinaryPrimitives.ReadUInt64LittleEndian(image[ProgramHeaderOffset..]);
        var size = BinaryPrimitives.ReadUInt16LittleEndian(image[ProgramHeaderSize..]);
        var count = BinaryPrimitives.ReadUInt16LittleEndian(image[ProgramHeaderCount..]);
        if (size < 56) return false;
        for (var i = 0UL; i < count; i++)
        {
            var at = table + i * size;
            if (at + size > (ulong)image.Length) return false;
            var header = image[(int)at..];
            if (BinaryPrimitives.ReadUInt32LittleEndian(header) != NoteSegment) continue;
            var offset = BinaryPrimitives.ReadUInt64LittleEndian(header[8..]);
            var length = BinaryPrimitives.ReadUInt64LittleEndian(header[32..]);
            if (offset <= (ulong)image.Length && length <= (ulong)image.Length - offset && HasXenEntry(image.Slice((int)offset, (int)length))) return true;
        }
        return false;
    }

    static bool HasXenEntry(ReadOnlySpan<byte> notes)
    {
        while (notes.Length >= 12)
        {
            var nameSize = BinaryPrimitives.ReadUInt32LittleEndian(notes);
            var valueSize = BinaryPrimitives.ReadUInt32LittleEndian(notes[4..]);
            var type = BinaryPrimitives.ReadUInt32LittleEndian(notes[8..]);
            var next = 12L + Aligned(nameSize) + Aligned(valueSize);
            if (next > notes.Length) return false;
            if (type == XenPhys32Entry && notes.Slice(12, (int)nameSize).SequenceEqual("Xen\0"u8)) return true;
            notes = notes[(int)next..];
        }
        return false;
    }

    static long Aligned(uint size) => ((long)size + 3) & ~3L;

    /// <summary>The release in the kernel's banner, or empty.</summary>
    public static string Release(ReadOnlySpan<byte> image)
    {
        var banner = "Linux version "u8;
        var at = image.IndexOf(banner);
        if (at < 0) return "";
        var text = image[(at + banner.Length)..];
        var end = text.IndexOf((byte)' ');
        return end is <= 0 or > 128 ? "" : Encoding.ASCII.GetString(text[..end]);
    }
}
