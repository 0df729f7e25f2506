using System.Buffers.Binary;
using System.Text;

namespace Understudy.Toolchain;

/// <summary>The blocks of a tar archive (pax(1), "ustar Interchange Format"): whether it is whole, before anybody relies on what its headers say.</summary>
static class TarBlocks
{
    const int Block = 512, ChecksumAt = 148, ChecksumLength = 8, SizeAt = 124, SizeLength = 12, TypeAt = 156;

    // What describes another member: nothing true is that long.
    const long MostDescription = 1 << 20;

    /// <exception cref="InvalidDataException">It is cut off or damaged; the message says at which byte.</exception>
    public static void Check(Stream archive)
    {
        var header = new byte[Block];
        for (long at = 0; at < archive.Length;)
        {
            archive.Position = at;
            if (archive.ReadAtLeast(header, Block, throwOnEndOfStream: false) < Block) throw Cut(at);
            if (!header.AsSpan().ContainsAnyExcept((byte)0)) break;
            var size = Size(header.AsSpan(SizeAt, SizeLength));
            if (size < 0 || Checksum(header) != Octal(header.AsSpan(ChecksumAt, ChecksumLength))) throw new InvalidDataException($"byte {at} should begin a header of a tar archive, and does not");
            if (header[TypeAt] is (byte)'x' or (byte)'g' or (byte)'L' or (byte)'K' && size > MostDescription) throw new InvalidDataException($"the member at byte {at} has a description of {size} bytes");
            var next = at + Block + (size + Block - 1) / Block * Block;
            at = next > at && next <= archive.Length ? next : throw Cut(at);
        }
        archive.Position = 0;
    }

    static InvalidDataException Cut(long at) => new($"it ends within the member that begins at byte {at}: it is cut off");

    static long Size(ReadOnlySpan<byte> field) => (field[0] & 0x80) != 0 ? BinaryPrimitives.ReadInt64BigEndian(field[^8..]) : Octal(field);

    // -1 for what is no number.
    static long Octal(ReadOnlySpan<byte> field)
    {
        var value = 0L;
        foreach (var c in Encoding.ASCII.GetString(field).Trim(' ', '\0'))
        {
            if (c is < '0' or > '7') return -1;
            value = value * 8 + (c - '0');
        }
        return value;
    }

    // The checksum itself counts as spaces.
    static long Checksum(ReadOnlySpan<byte> header)
    {
        var sum = (long)' ' * ChecksumLength;
        for (var i = 0; i < Block; i++)
            if (i is < ChecksumAt or >= ChecksumAt + ChecksumLength) sum += header[i];
        return sum;
    }
}
