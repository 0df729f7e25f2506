namespace Understudy.Verdict.Tests;

public sealed class LineCoverageTests : IDisposable
{
    readonly DirectoryInfo _home = Directory.CreateTempSubdirectory("understudy-lines-");

    [Fact]
    public void What_is_written_is_read_again()
    {
        var written = LineCoverage.Of([Source("/b.c", (1, 0), (2, 7)), Source("/a.c", (3, 1))]);
        var read = LineCoverage.Parse(written.ToLcov().Split('\n'));
        Assert.Equal(["/a.c", "/b.c"], read.Sources.Select(source => source.Path));
        Assert.Equal(written.ToLcov(), read.ToLcov());
        Assert.Equal((3, 2), (read.Lines, read.Hit));
        Assert.Contains("FN:1,probe\nFNDA:2,probe\nFNF:1\nFNH:1\nDA:1,0\nDA:2,7\nLF:2\nLH:1\nend_of_record\n", read.ToLcov(), StringComparison.Ordinal);
    }

    [Fact]
    public void What_ran_in_one_run_ran_in_all_together()
    {
        var merged = LineCoverage.Merge([LineCoverage.Of([Source("/a.c", (1, 0), (2, 3))]), LineCoverage.Of([Source("/a.c", (1, 5), (2, 3), (9, 0))])]);
        var source = Assert.Single(merged.Sources);
        Assert.Equal([(1, 5L), (2, 6L), (9, 0L)], source.Lines.Select(line => (line.Key, line.Value)));
        Assert.Equal(4, source.Functions["probe"].Count);
        Assert.Equal("a.c 66.7 % of 3 lines", merged.Summary);
    }

    [Fact]
    public void The_page_shows_each_line_with_its_count_and_nothing_in_it_acts()
    {
        var path = Path.Combine(_home.FullName, "a.c");
        File.WriteAllText(path, "int a;\nif (a < 1 && \"</pre><script>\") probe();\nnever();\n");
        LineCoverage.Of([Source(path, (2, 41), (3, 0))]).Write(_home.FullName);
        var page = File.ReadAllText(Path.Combine(_home.FullName, LineCoverage.PageName));
        Assert.Contains("<i class=\"\"><u>1</u><b></b>int a;</i>", page, StringComparison.Ordinal);
        Assert.Contains("<i class=\"ran\"><u>2</u><b>41</b>if (a &lt; 1 &amp;&amp; &quot;&lt;/pre&gt;&lt;script&gt;&quot;) probe();</i>", page, StringComparison.Ordinal);
        Assert.Contains("<i class=\"never\"><u>3</u><b>0</b>never();</i>", page, StringComparison.Ordinal);
        Assert.Equal(2, LineCoverage.In(_home.FullName)!.Lines);
    }

    [Fact]
    public void A_page_is_made_without_the_source_and_lines_nobody_understands_are_left_out()
    {
        var read = LineCoverage.Parse(["TN:", "SF:/gone.c", "DA:1,1", "DA:x,1", "DA:2", "BRDA:1,0,0,-", "end_of_record", "SF:/torn.c", "DA:1,1"]);
        Assert.Equal("/gone.c", Assert.Single(read.Sources).Path);
        read.Write(_home.FullName);
        Assert.Contains("not here any more", File.ReadAllText(Path.Combine(_home.FullName, LineCoverage.PageName)), StringComparison.Ordinal);
    }

    [Fact]
    public void Where_none_was_taken_there_is_none() => Assert.Null(LineCoverage.In(_home.FullName));

    public void Dispose() => _home.Delete(recursive: true);

    static CoveredSource Source(string path, params (int Line, long Count)[] lines)
        => new(path, new SortedDictionary<int, long>(lines.ToDictionary(line => line.Line, line => line.Count)), new Dictionary<string, (int, long)> { ["probe"] = (1, 2) });
}
