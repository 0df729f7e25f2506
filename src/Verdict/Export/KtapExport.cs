using System.Text;

namespace Understudy.Verdict.Export;

/// <summary>KTAP: a test for each run, with its steps below it.</summary>
sealed class KtapExport : IResultExport
{
    public string Format => "ktap";

    public string What => "KTAP, the kernel's own format";

    public void Write(RunSummary summary, Stream to)
    {
        using var text = new StreamWriter(to, new UTF8Encoding(false), leaveOpen: true) { NewLine = "\n" };
        text.WriteLine("KTAP version 1");
        text.WriteLine($"1..{summary.Runs.Count}");
        for (var i = 0; i < summary.Runs.Count; i++) Write(summary.Runs[i], i + 1, text);
    }

    static void Write(SummaryRun run, int number, StreamWriter text)
    {
        var cases = ExportCase.Of(run);
        text.WriteLine("    KTAP version 1");
        text.WriteLine($"    # Subtest: {Ktap.Name(run.Name)}");
        text.WriteLine($"    1..{cases.Count}");
        for (var i = 0; i < cases.Count; i++)
        {
            var one = cases[i];
            if (!one.Outcome.IsGood())
                foreach (var line in Because(one)) text.WriteLine($"    # {Ktap.Quote(line)}");
            text.WriteLine($"    {Ktap.Line(one.Outcome, i + 1, one.Name, one.Reason)}");
        }
        if (run.Outcome?.IsGood() != true) text.WriteLine($"# reproduce: {Ktap.Quote(run.Info.Command)}");
        text.WriteLine(Ktap.Line(run.Outcome, number, run.Name, ExportCase.Why(run)));
    }

    // A line that says "not ok" has no place for why.
    static IEnumerable<string> Because(ExportCase bad) => bad.Reason is { Length: > 0 } reason && !bad.Lines.Contains(reason) ? bad.Lines.Prepend(reason) : bad.Lines;
}
