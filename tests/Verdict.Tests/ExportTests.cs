using System.Text;
using System.Text.Json;
using System.Xml.Linq;
using Understudy.Verdict.Export;

namespace Understudy.Verdict.Tests;

public sealed class ExportTests : IDisposable
{
    const string Hostile = "\"><&]]>\0\u0001\ud800 \u001b[31m ok 1\nok 2 # SKIP";

    readonly TemporaryDirectory _temporary = new();

    public void Dispose() => _temporary.Dispose();

    RunSummary Matrix()
    {
        var number = 0;
        foreach (var outcome in Enum.GetValues<Outcome>())
            SampleMatrix.Run(_temporary[$"m/{number}"], $"nic/test{number++}", "debian:6.12", outcome);
        SampleMatrix.Run(_temporary["m/cut"], "nic/cut", "debian:6.1", null);
        SampleMatrix.Run(_temporary["m/sub"], "nic/kselftest", "debian:6.1", Outcome.Fail, 1, new("tls/send", Outcome.Fail, "EIO", ["line"]), new("tls/recv", Outcome.Pass, null, []));
        return RunSummary.Read(_temporary["m"]);
    }

    RunSummary HostileRun()
    {
        var info = new RunInfo { Id = Hostile, Title = Hostile, Command = Hostile, Test = Hostile, Cell = Hostile, Board = Hostile, Kernel = new(Hostile, Hostile, Hostile, null) };
        using (var run = RunDirectory.Create(_temporary["h"], info))
        {
            run.BeginStep(Hostile).End(Outcome.Fail, Hostile, [Hostile, "KTAP version 1", "ok 1 forged"], [new(Hostile, Outcome.Skip, Hostile, [Hostile])]);
            run.Conclude(new RunVerdict(Outcome.Fail, Hostile, [Hostile, new string('x', 40_000)]));
        }
        return RunSummary.Read(_temporary["h"]);
    }

    static string Export(string format, RunSummary summary)
    {
        using var to = new MemoryStream();
        ResultExports.Find(format)!.Write(summary, to);
        return Encoding.UTF8.GetString(to.ToArray());
    }

    [Fact]
    public void JUnit_counts_what_it_holds_and_tells_failures_from_errors()
    {
        var root = XDocument.Parse(Export("junit", Matrix())).Root!;
        Assert.All([root, .. root.Elements("testsuite")], suite =>
        {
            Assert.Equal((int)suite.Attribute("tests")!, suite.Descendants("testcase").Count());
            Assert.Equal((int)suite.Attribute("failures")!, suite.Descendants("failure").Count());
            Assert.Equal((int)suite.Attribute("errors")!, suite.Descendants("error").Count());
            Assert.Equal((int)suite.Attribute("skipped")!, suite.Descendants("skipped").Count());
        });
        Assert.Equal(["broken", "broken", "error"], root.Descendants("error").Select(e => (string?)e.Attribute("type")).Order());
        Assert.Equal(["fail", "fail", "xpass"], root.Descendants("failure").Select(e => (string?)e.Attribute("type")).Order());
        Assert.Contains(root.Descendants("property"), p => (string?)p.Attribute("value") == "understudy run nic/test0 --kernel debian:6.12");
    }

    [Fact]
    public void KTAP_is_read_back_as_it_was_meant()
    {
        var summary = Matrix();
        var back = SubResults.Parse(Export("ktap", summary));
        Assert.DoesNotContain(back, r => r.Name.Contains("plan", StringComparison.Ordinal));
        foreach (var outcome in (Outcome[])[Outcome.Pass, Outcome.Skip, Outcome.XFail]) Assert.Equal(Cases(summary, outcome), back.Count(r => r.Outcome == outcome));
        Assert.Equal(Cases(summary, Outcome.Fail) + Cases(summary, Outcome.XPass), back.Count(r => r.Outcome == Outcome.Fail));
        Assert.Equal(Cases(summary, Outcome.Error) + Cases(summary, Outcome.Broken), back.Count(r => r.Outcome == Outcome.Error));
    }

    static int Cases(RunSummary summary, Outcome outcome) => summary.Runs.Sum(r => ExportCase.Of(r).Count(c => c.Outcome == outcome));

    [Fact]
    public void What_a_guest_wrote_forges_no_result()
    {
        var summary = HostileRun();
        var back = SubResults.Parse(Export("ktap", summary));
        Assert.DoesNotContain(back, r => r.Outcome == Outcome.Pass);
        XDocument.Parse(Export("junit", summary));
        foreach (var format in (string[])["tuxrun", "kcidb"]) JsonDocument.Parse(Export(format, summary)).Dispose();
    }

    [Fact]
    public void TuxRun_has_a_definition_for_each_run_and_knows_four_words()
    {
        using var json = JsonDocument.Parse(Export("tuxrun", Matrix()));
        Assert.Equal("fail", json.RootElement.GetProperty("nic/kselftest [debian:6.1] #1").GetProperty("run/tls/send").GetProperty("result").GetString());
        Assert.Equal("unknown", json.RootElement.GetProperty("nic/test3 [debian:6.12]").GetProperty("run").GetProperty("result").GetString());
        Assert.Equal("pass", json.RootElement.GetProperty("lava").GetProperty("job").GetProperty("result").GetString());
        Assert.All(json.RootElement.EnumerateObject().SelectMany(d => d.Value.EnumerateObject()), c => Assert.Contains(c.Value.GetProperty("result").GetString(), (string[])["pass", "fail", "skip", "unknown"]));
    }

    [Theory, InlineData(false), InlineData(true)]
    public void KCIDB_keeps_to_its_schema(bool hostile) => KcidbSchema.Holds(Export("kcidb", hostile ? HostileRun() : Matrix()));

    [Fact]
    public void A_finding_that_no_step_shows_is_a_case_of_its_own()
    {
        using (var run = RunDirectory.Create(_temporary["run"], new RunInfo { Id = "r", Title = "t", Command = "c" }))
        {
            run.BeginStep("ping").End(Outcome.Pass);
            run.Conclude(new RunVerdict(Outcome.Fail, "WARNING in f", ["the line"]));
        }
        var failure = XDocument.Parse(Export("junit", RunSummary.Read(_temporary["run"]))).Descendants("failure").Single();
        Assert.Equal(("WARNING in f", "the line", "verdict"), ((string?)failure.Attribute("message"), failure.Value, (string?)failure.Parent!.Attribute("name")));
    }
}
