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
    public void A_script_that_says_nothing_leaves_no_file()
    {
        using var file = new CappedFile(() => throw new InvalidOperationException("made for nothing"));
        file.Write([]);
    }
}
