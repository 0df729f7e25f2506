namespace Understudy.Devices;

/// <summary>The Ethernet CRC (IEEE 802.3, 3.2.9).</summary>
static class Crc32
{
    static readonly uint[] Table = MakeTable();

    /// <summary>The frame check sequence as a little-endian word: its bytes go on the wire lowest first.</summary>
    public static uint FrameCheck(ReadOnlySpan<byte> frame) => ~Register(frame);

    /// <summary>The CRC of what <paramref name="crc"/> is the CRC of and one more octet; 0 to begin with.</summary>
    public static uint Append(uint crc, byte octet) => ~(~crc >> 8 ^ Table[(byte)(~crc ^ octet)]);

    /// <summary>The upper six bits of the CRC of an address, first bit highest: the index into a multicast hash filter.</summary>
    public static int MulticastHash(ReadOnlySpan<byte> address)
    {
        var crc = Register(address[..6]);
        var hash = 0;
        for (var bit = 0; bit < 6; bit++) hash = hash << 1 | (int)(crc >> bit & 1);
        return hash;
    }

    static uint Register(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var octet in bytes) crc = crc >> 8 ^ Table[(byte)(crc ^ octet)];
        return crc;
    }

    static uint[] MakeTable()
    {
        var table = new uint[256];
        for (var i = 0u; i < 256; i++)
        {
            var crc = i;
            for (var bit = 0; bit < 8; bit++) crc = (crc & 1) != 0 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1;
            table[i] = crc;
        }
        return table;
    }
}
