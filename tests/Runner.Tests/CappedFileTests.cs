using System.Text;
using Understudy.Runner.Suites;

namespace Understudy.Runner.Tests;

public sealed class CappedFileTests
{
    static string Written(int pieces, params string[] texts)
    {
        var stream = new MemoryStream();
        using (var file = new CappedFile(() => stream, headLimit: 4, tailLimit: 4))
            foreach (var text in texts)
                foreach (var piece in text.Chunk(pieces)) file.Write(Encoding.UTF8.GetBytes(piece));
        return Encoding.UTF8.GetString(stream.ToArray());
    }

    [Theory]
    [InlineData("ab", "ab")]
    [InlineData("abcdefgh", "abcdefgh")]
    [InlineData("abcdefghi", "abcd\n[... 1 bytes left out ...]\nfghi")]
    [InlineData("abcdefghijklmnopq", "abcd\n[... 9 bytes left out ...]\nnopq")]
    public void Head_and_tail_are_kept_and_what_is_missing_is_said(string text, string kept)
    {
        for (var pieces = 1; pieces <= text.Length; pieces++) Assert.Equal(kept, Written(pieces, text));
    }

    [Fact]
    public void Ten_gigabytes_are_eight_megabytes_in_the_file_and_in_no_memory_but_the_tails()
    {
        const long Size = 10_000_000_000;
        var piece = new byte[1 << 20];
        piece.AsSpan().Fill((byte)'x');
        var kept = new MemoryStream(16 << 20);
        var before = GC.GetAllocatedBytesForCurrentThread();
        using (var file = new CappedFile(() => kept))
        {
            for (var left = Size; left > 0; left -= piece.Length) file.Write(piece.AsSpan(0, (int)Math.Min(left, piece.Length)));
        }
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 5 << 20);
        Assert.Contains($"\n[... {Size - (8 << 20)} bytes left out ...]\n", System.Text.Encoding.UTF8.GetString(kept.ToArray().AsSpan(4 << 20, 100)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_script_that_says_nothing_leaves_no_file()
    {
        using var file = new CappedFile(() => throw new InvalidOperationException("made for nothing"));
        file.Write([]);
    }
}
