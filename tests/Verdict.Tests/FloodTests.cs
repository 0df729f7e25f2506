using System.Text;
using Understudy.Pci.Tests;

namespace Understudy.Verdict.Tests;

[Collection(nameof(Allocation))]
public sealed class FloodTests
{
    static byte[] Lines(string line, int bytes) => Encoding.Latin1.GetBytes(string.Concat(Enumerable.Repeat(line, (bytes / line.Length) + 1)));

    static List<string> Scan(Action<KernelLogScanner> write)
    {
        var titles = new List<string>();
        var scanner = new KernelLogScanner(FindingSource.Console, finding => titles.Add(finding.Title));
        scanner.Read("[    1.000000] Out of memory: Killed process 1 (first)\n"u8, 1);
        write(scanner);
        scanner.Read("\n[    2.000000] Out of memory: Killed process 1 (last)\n"u8, 2);
        scanner.End();
        return titles;
    }

    [Fact]
    public void A_flood_between_two_findings_loses_neither_and_keeps_nothing()
    {
        var piece = Lines("[    1.500000] r8169 0000:01:00.0 eth0: rx overrun, packet dropped\r\n", 1 << 20);
        long kept = 0;
        var titles = Scan(scanner =>
        {
            scanner.Read(piece, 1.5);
            kept = Allocation.Of(() =>
            {
                for (var i = 0; i < 64; i++) scanner.Read(piece, 1.5);
            });
        });
        Assert.Equal(["Out of memory: killed first", "Out of memory: killed last"], titles);
        Assert.Equal(0, kept);
    }

    [Theory]
    [InlineData("a line of 16 MB", 'x')]
    [InlineData("NULs", '\0')]
    [InlineData("half a UTF-8 character", '\xC3')]
    [InlineData("escapes", '\x1b')]
    [InlineData("carriage returns", '\r')]
    public void What_is_no_text_between_two_findings_hides_neither(string what, char filler)
    {
        var noise = Encoding.Latin1.GetBytes(new string(filler, 16 << 20));
        Assert.True(Scan(scanner => scanner.Read(noise, 1.5)) is [_, "Out of memory: killed last"], what);
    }

    [Fact]
    public void Noise_from_a_seed_in_pieces_of_any_length_hides_neither()
    {
        for (var seed = 0; seed < 30; seed++)
        {
            var random = new Random(seed);
            var titles = Scan(scanner =>
            {
                for (var i = 0; i < 40; i++)
                {
                    var noise = new byte[random.Next(1, 40_000)];
                    random.NextBytes(noise);
                    scanner.Read(noise, 1.5);
                }
            });
            Assert.True(titles[0] == "Out of memory: killed first" && titles[^1] == "Out of memory: killed last", $"seed {seed}: {string.Join(", ", titles)}");
        }
    }
}
