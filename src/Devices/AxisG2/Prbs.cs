using System.Buffers.Binary;

namespace Understudy.Devices;

/// <summary>The pseudo-random frames of SLAC's applications (PrbsData): 32-bit words, each from the one before by a shift register with taps
/// 1, 2, 6 and 31; word 0 the sequence number, word 1 the number of words that follow it, word 2 on from the sequence number.</summary>
static class Prbs
{
    public const int SmallestFrame = 12;

    public static uint Next(uint x) => (x << 1) | ((x >> 1 ^ x >> 2 ^ x >> 6 ^ x >> 31) & 1);

    /// <summary>Fills a frame: a multiple of four bytes, at least 12.</summary>
    public static void Fill(Span<byte> frame, uint sequence)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(frame, sequence);
        BinaryPrimitives.WriteUInt32LittleEndian(frame[4..], (uint)(frame.Length - 4) / 4);
        var word = sequence;
        for (var at = 8; at < frame.Length; at += 4) BinaryPrimitives.WriteUInt32LittleEndian(frame[at..], word = Next(word));
    }
}
