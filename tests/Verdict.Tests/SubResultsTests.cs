using System.Text;

namespace Understudy.Verdict.Tests;

public sealed class SubResultsTests
{
    static readonly string _folder = Path.Combine(AppContext.BaseDirectory, "Outputs");

    public static TheoryData<string> Outputs => [.. Directory.EnumerateFiles(_folder, "*.txt").Select(f => Path.GetFileNameWithoutExtension(f)).Order()];

    /// <summary>The results that must come of it on top, an empty line, then the output itself.</summary>
    static (string Expected, string Output) Golden(string name)
    {
        var text = File.ReadAllText(Path.Combine(_folder, name + ".txt"));
        var blank = text.StartsWith('\n') ? -1 : text.IndexOf("\n\n", StringComparison.Ordinal);
        return (text[..(blank + 1)], text[(blank < 0 ? 1 : blank + 2)..]);
    }

    static string Describe(IReadOnlyList<SubResult> results) => string.Concat(results.Select(r => $"{r.Outcome.Word()} {r.Name}{(r.Reason is null ? "" : $" | {r.Reason}")}\n"));

    [Theory, MemberData(nameof(Outputs))]
    public void An_output_gives_the_results_on_top_of_its_file(string name)
    {
        var (expected, output) = Golden(name);
        Assert.Equal(expected, Describe(SubResults.Parse(output)));
    }

    [Theory, MemberData(nameof(Outputs))]
    public void It_does_not_matter_where_the_output_is_cut_or_how_its_lines_end(string name)
    {
        var (expected, output) = Golden(name);
        var results = new SubResults();
        foreach (var one in Encoding.UTF8.GetBytes(output.Replace("\n", "\r\n", StringComparison.Ordinal))) results.Read([one]);
        Assert.Equal(expected, Describe(results.End()));
    }

    [Theory, MemberData(nameof(Outputs))]
    public void An_output_that_stops_anywhere_never_passes_more_than_were_seen(string name)
    {
        var (_, output) = Golden(name);
        for (var end = 0; end < output.Length; end++)
        {
            var seen = output[..end].Split('\n').Count(l =>
                (l.Contains("ok", StringComparison.Ordinal) && !l.Contains("not ok", StringComparison.Ordinal)) || l.Contains("PASS", StringComparison.Ordinal) || l.Contains("<testcase", StringComparison.Ordinal));
            Assert.InRange(SubResults.Parse(output[..end]).Count(r => r.Outcome == Outcome.Pass), 0, seen);
        }
    }

    [Fact]
    public void A_failure_keeps_what_was_said_before_it()
    {
        var result = SubResults.Parse("TAP version 13\n1..2\nok 1 a\n# expected 3, got 4\n# at phy.c:12\nnot ok 2 b\n").Single(r => r.Outcome == Outcome.Fail);
        Assert.Equal(["# expected 3, got 4", "# at phy.c:12"], result.Lines);
    }

    [Fact]
    public void A_flood_of_results_is_bounded_and_keeps_its_worst()
    {
        var text = new StringBuilder("TAP version 13\n");
        for (var i = 1; i <= 30_000; i++) text.Append(i == 29_000 ? "not ok " : "ok ").Append(i).Append(" t\n");
        var results = SubResults.Parse(text.Append("1..30000\n").ToString());
        Assert.Equal(10_001, results.Count);
        Assert.Equal((Outcome.Fail, "20000 more results are left out; the worst of them is fail"), (results[^1].Outcome, results[^1].Reason));
    }

    [Fact]
    public void Depth_length_and_names_are_bounded()
    {
        var text = new StringBuilder();
        for (var i = 0; i < 5_000; i++) text.Append(' ', i).Append("KTAP version 1\n").Append(' ', i).Append("1..1\n");
        text.Append("ok 1 ").Append('x', 100_000).Append('\n').Append('#', 100_000).Append(' ');
        Assert.All(SubResults.Parse(text.ToString()), r => Assert.InRange(r.Name.Length, 1, 500));
    }

    [Fact]
    public void Bytes_that_mean_nothing_do_no_harm()
    {
        var random = new Random(1);
        string[] words = ["ok ", "not ok ", "1..", "3", "\n", "\n", "    ", "# ", "SKIP ", "KTAP version 1\n", "---\n", "...\n", "<testsuite ", "</testsuite>", "<testcase>", "a.c:1: TPASS: ", "Summary:\n", "passed 1\n", "[    1.000000] ", "\0", "\xff", "Bail out!", "Subtest: x"];
        for (var round = 0; round < 2_000; round++)
        {
            var text = string.Concat(Enumerable.Range(0, 60).Select(_ => words[random.Next(words.Length)]));
            var passes = SubResults.Parse(text).Count(r => r.Outcome == Outcome.Pass);
            Assert.InRange(passes, 0, text.Split("ok ").Length + text.Split("TPASS").Length + text.Split("<testcase").Length);
        }
    }
}
