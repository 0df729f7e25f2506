using System.Diagnostics;
using System.Xml.Linq;
using Understudy.Runner.Suites;
using Understudy.Verdict;

namespace Understudy.Machine.Tests;

/// <summary>Tests in C#, under <c>understudy run</c> and alone under xUnit.</summary>
public sealed class CodeSuiteTests : IDisposable
{
    const string Kernel = "debian:6.12";

    // How each test of EveryEnding ends, and what its reason says.
    static readonly Dictionary<string, (Outcome Outcome, string Reason)> s_endings = new()
    {
        ["Passes"] = (Outcome.Pass, ""),
        ["Asserts_in_vain"] = (Outcome.Fail, "no carrier"),
        ["Kernel_warns"] = (Outcome.Fail, "WARNING in x_probe"),
        ["Kernel_may_warn"] = (Outcome.Pass, ""),
        ["Kernel_is_silent"] = (Outcome.Fail, "the kernel log never said 'never said'"),
        ["Foretold"] = (Outcome.XFail, "'exit 3' ended in exit code 3 (expected: bug 17)"),
        ["Unforeseen"] = (Outcome.XPass, "it was expected to fail: bug 17"),
        ["Panics"] = (Outcome.Fail, "Kernel panic"),
        ["Overruns"] = (Outcome.Fail, "still running after 1 s, and given up"),
        ["Overruns_and_does_not_listen"] = (Outcome.Fail, "still running after 1 s, and given up"),
        ["Lab_breaks"] = (Outcome.Broken, "CardWithAMistake threw InvalidOperationException"),
        ["Skips_itself"] = (Outcome.Skip, "not today"),
        ["Is_skipped"] = (Outcome.Skip, "not yet"),
        ["Is_for_old_kernels"] = (Outcome.Skip, "for kernels <5"),
        ["Needs_a_module_nobody_has"] = (Outcome.Skip, "has no no_such_driver"),
        ["Throws"] = (Outcome.Error, "the test threw InvalidOperationException: a mistake in the test"),
        ["Has_no_rig"] = (Outcome.Error, "it has started no rig"),
        ["Dies"] = (Outcome.Error, "the test program died of signal 6"),
    };

    readonly ScratchDirectory _scratch = new();

    public void Dispose() => _scratch.Dispose();

    // Built beside this program, by the same configuration.
    static string Program(string directory, string name)
        => Path.Combine(Repository(), directory, Path.GetRelativePath(Path.Combine(Repository(), "tests", "Machine.Tests"), AppContext.BaseDirectory), $"{name}.dll");

    static string EveryEnding => Program("tests/EveryEnding", "EveryEnding");

    async Task<SuiteSummary> PlayAsync(string program, params IReadOnlyList<string> kernels)
    {
        foreach (var kernel in kernels) await Bench.LabAsync(kernel);
        var request = new SuiteRequest(SuiteReader.Read(program), _scratch["runs"], "understudy run") { Kernels = kernels, Jobs = 2, Seed = 7 };
        return await SuiteRun.PlayAsync(Bench.Toolbox, request, new SilentSuite(), TestContext.Current.CancellationToken);
    }

    static string Told(SuiteSummary summary) => string.Join('\n', summary.Results.Select(result => $"{result.Cell.Name}: {result.Verdict}\n{string.Join('\n', result.Verdict.Evidence)}"));

    [Fact]
    public async Task The_suite_in_C_sharp_is_green_on_two_kernels()
    {
        var summary = await PlayAsync(Program("suites/rtl8111-csharp", "rtl8111-csharp"), "debian:6.1", Kernel);
        Assert.True(summary.Count(Outcome.Pass) == 12 && summary.Results.Count == 12, Told(summary));
        var gone = RunRecord.Load(summary.Results.First(result => result.Cell.Test.Name.Contains("gone", StringComparison.Ordinal)).Directory);
        Assert.Contains(gone.Trace(), record => record.Kind == TraceKind.Fault);
        Assert.Equal(["plan", "boot", "modules", "test", "kernel-log"], gone.Steps.Select(step => step.Name));
        foreach (var name in (string[])["summary.json", "results.ktap", "matrix.html"]) Assert.True(File.Exists(Path.Combine(_scratch["runs"], name)), name);
    }

    [Fact]
    public async Task Every_way_to_end_is_told_apart_and_leaves_a_run_directory()
    {
        var summary = await PlayAsync(EveryEnding, Kernel);
        Assert.Equal(s_endings.Keys.Order(StringComparer.Ordinal), summary.Results.Select(result => result.Cell.Test.Name["Endings.".Length..]).Order(StringComparer.Ordinal));
        foreach (var result in summary.Results)
        {
            var (outcome, reason) = s_endings[result.Cell.Test.Name["Endings.".Length..]];
            Assert.True(outcome == result.Outcome && result.Verdict.Reason.Contains(reason, StringComparison.Ordinal), $"{result.Cell.Name}: {outcome} '{reason}' was expected of\n{result.Verdict}");
            var record = RunRecord.Load(result.Directory);
            Assert.Equal((result.Outcome, result.Cell.Name, 7ul), (record.Verdict!.Outcome, record.Info.Id, record.Info.Seed));
            Assert.Contains("--seed 7", record.Info.Command, StringComparison.Ordinal);
            Assert.True(File.Exists(Path.Combine(result.Directory, "report.html")), result.Directory);
        }
        Assert.NotNull(Result(summary, "Lab_breaks").FirstBroke);
        Assert.Contains(RunRecord.Load(Result(summary, "Overruns").Directory).Kernel(), line => line.Text.Contains("task:sleep", StringComparison.Ordinal));
        Assert.Contains(Result(summary, "Dies").Verdict.Evidence, line => line.Contains("a test that takes its process with it", StringComparison.Ordinal));
        Assert.Contains("allowed: we wrote it", string.Join('\n', RunRecord.Load(Result(summary, "Kernel_may_warn").Directory).Findings.Select(finding => finding.Title)), StringComparison.Ordinal);
        Assert.Equal(ExitCode.Fail, summary.ExitCode);
    }

    static CellResult Result(SuiteSummary summary, string test) => summary.Results.Single(result => result.Cell.Test.Name == $"Endings.{test}");

    [Fact]
    public async Task Alone_under_xUnit_a_verdict_is_a_result_and_a_failure_says_where_everything_is()
    {
        await Bench.LabAsync(Kernel);
        var results = await AloneAsync("Passes", "Kernel_warns", "Foretold", "Lab_breaks", "Is_for_old_kernels", "Throws");
        Assert.Equal(["Foretold Pass", "Is_for_old_kernels Skip", "Kernel_warns Fail", "Lab_breaks Fail", "Passes Pass", "Throws Fail"],
            results.Select(test => $"{(string)test.Attribute("method")!} {(string)test.Attribute("result")!}").Order(StringComparer.Ordinal));
        Assert.Equal("Understudy.Testing.DriverFailedException", Failure(results, "Kernel_warns").Type);
        Assert.Equal("Understudy.Testing.LabBrokenException", Failure(results, "Lab_breaks").Type);
        Assert.Equal("Understudy.Testing.TestBrokenException", Failure(results, "Throws").Type);
        var told = Failure(results, "Kernel_warns").Message;
        Assert.Contains("fail: WARNING in x_probe", told, StringComparison.Ordinal);
        Assert.Contains($"again:  understudy run {EveryEnding} --name Endings.Kernel_warns --kernel {Kernel} --seed 3", told, StringComparison.Ordinal);
        var report = told.Split('\n').Single(line => line.StartsWith("report: ", StringComparison.Ordinal))["report: ".Length..].Trim();
        Assert.Equal((Outcome.Fail, 3ul), RunRecord.Load(Path.GetDirectoryName(report)!) is var record ? (record.Verdict!.Outcome, record.Info.Seed) : default);
        Assert.True(File.Exists(Path.Combine(_scratch["alone"], "matrix.html")));
    }

    // As 'dotnet test' and IDEs start it: no more is known to it than its environment says.
    async Task<IReadOnlyList<XElement>> AloneAsync(params IReadOnlyList<string> tests)
    {
        var start = new ProcessStartInfo("dotnet", [EveryEnding, "-noColor", "-xml", _scratch["results.xml"], .. tests.SelectMany(test => new[] { "-method", $"EveryEnding.Endings.{test}" })]) { RedirectStandardOutput = true };
        (start.Environment["UNDERSTUDY_KERNEL"], start.Environment["UNDERSTUDY_SEED"], start.Environment["UNDERSTUDY_OUTPUT"]) = (Kernel, "3", _scratch["alone"]);
        using var process = Process.Start(start)!;
        var said = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(Bench.Patience);
        Assert.True(process.ExitCode == 1, said);
        return [.. XDocument.Load(_scratch["results.xml"]).Descendants("test")];
    }

    static (string Type, string Message) Failure(IReadOnlyList<XElement> results, string test)
    {
        var failure = results.Single(result => (string)result.Attribute("method")! == test).Element("failure")!;
        return ((string)failure.Attribute("exception-type")!, failure.Element("message")!.Value);
    }

    sealed class SilentSuite : ISuiteObserver
    {
        public void Planned(int? cells)
        {
        }

        public void At(TestCell cell, string step)
        {
        }

        public void Retries(TestCell cell, string reason)
        {
        }

        public void Ended(CellResult result)
        {
        }
    }

    static string Repository()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(directory.FullName, "Understudy.slnx"))) directory = directory.Parent ?? throw new DirectoryNotFoundException("the tests are not below a checkout");
        return directory.FullName;
    }
}
