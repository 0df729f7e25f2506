namespace Understudy.Verdict.Report;

/// <summary>Finds the lines of findings again in a log.</summary>
static class FindingMarks
{
    // The console and the kernel log come by different ways; and other lines may stand between those of a report.
    const double Apart = 2;
    const int MostBetween = 12;

    /// <summary>For each row the finding it belongs to, or -1.</summary>
    public static int[] In(IReadOnlyList<LogRow> rows, IReadOnlyList<Finding> findings)
    {
        var marks = new int[rows.Count];
        Array.Fill(marks, -1);
        for (var i = 0; i < findings.Count; i++) Mark(rows, findings[i], i, marks);
        return marks;
    }

    static void Mark(IReadOnlyList<LogRow> rows, Finding finding, int number, int[] marks)
    {
        var at = 0;
        while (at < rows.Count && rows[at].Seconds is { } seconds && seconds < finding.Time - Apart) at++;
        for (var i = 0; i < finding.Lines.Count; i++)
        {
            var words = Words(finding.Lines[i]);
            if (words.Length == 0) continue;
            var end = i == 0 ? rows.Count : Math.Min(rows.Count, at + MostBetween);
            var hit = at;
            while (hit < end && !(marks[hit] < 0 && rows[hit].Text.Contains(words, StringComparison.Ordinal))) hit++;
            if (hit == end && i == 0) return;
            if (hit == end) continue;
            marks[hit] = number;
            at = hit + 1;
        }
    }

    // Without the kernel's time: one log has it where the other has none.
    static string Words(string line)
    {
        var pieces = KernelLine.Split(line).ToList();
        return pieces.Count == 0 ? line : pieces[^1].Message;
    }
}
