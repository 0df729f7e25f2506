using Understudy.Runner.Suites;
using Understudy.Runner.Tests;
using Understudy.Verdict;

namespace Understudy.Machine.Tests;

/// <summary>Provokes what the verdict engine is to find. Other kernels: understudy run suites/selfharm --kernel a,b,c.</summary>
public sealed class SelfHarmTests : IDisposable
{
    const string Kernel = "debian:6.12";

    // Whether it is found alike each time takes longer than anybody waits for: tests/soak selfharm.
    static readonly int s_times = int.TryParse(Environment.GetEnvironmentVariable("UNDERSTUDY_SELFHARM_TIMES"), out var times) ? times : 1;

    readonly SuiteFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Each_harm_is_found_named_and_charged_to_the_step_it_fell_in()
    {
        await Bench.LabAsync(Kernel);
        var suites = SuiteReader.Read(Path.Combine(Repository(), "suites", "selfharm"));
        var request = new SuiteRequest(suites, _folder["runs"], "understudy run") { Kernels = [Kernel], Jobs = 2, Repeat = s_times };
        var summary = await SuiteRun.PlayAsync(Bench.Toolbox, request, new SilentSuite(), TestContext.Current.CancellationToken);
        var wrong = summary.Results.SelectMany(Wrongs).Concat(summary.Results.GroupBy(result => result.Cell.Test.Name).Where(IsUnstable).Select(test => $"{test.Key}: not alike each time: {string.Join(" | ", test.Select(Fingerprints))}")).ToList();
        SayWhatWasKnownLast(summary);
        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
        Assert.True(summary.Count(Outcome.Pass) >= 40 * s_times, $"only {summary.Count(Outcome.Pass)} harms were done");
        // What Debian does not build into its kernels is left to kernels built here, and to golden logs.
        string[] unable = ["dma-api", "free-active", "kcsan", "kmsan", "rcu-usage", "sleep-in-atomic"];
        var left = summary.Results.Where(result => result.Outcome == Outcome.Skip).Select(result => result.Cell.Test.Name).Distinct();
        Assert.DoesNotContain(left, name => !unable.Contains(name) && !name.StartsWith("kasan-", StringComparison.Ordinal) && !name.StartsWith("lock-", StringComparison.Ordinal) && !name.StartsWith("ubsan-", StringComparison.Ordinal));
    }

    // A test of this suite passes by the titles it expects; where and when they were found is held to here.
    static IReadOnlyList<Finding> Found(CellResult result) => [.. RunRecord.Load(result.Directory).Findings.Where(finding => finding.Expected)];

    static IEnumerable<string> Wrongs(CellResult result)
    {
        if (result.Outcome is not (Outcome.Pass or Outcome.Skip))
            yield return $"{result.Cell.Name}: {result.Verdict}; found were {string.Join(", ", RunRecord.Load(result.Directory).Findings.Select(other => other.Title))}";
        foreach (var finding in Found(result))
        {
            // A taint is told by nothing that has a time.
            if (finding.Step is not ("run" or "leak-check") && finding.Rule != "tainted") yield return $"{result.Cell.Name}: {finding.Title} is charged to '{finding.Step}'";
            if (finding.Frame?.StartsWith("selfharm_", StringComparison.Ordinal) == true && File.Exists("/usr/bin/addr2line") && finding.Stack?.Any(frame => frame.Contains("selfharm.c:", StringComparison.Ordinal)) != true)
                yield return $"{result.Cell.Name}: {finding.Title} has no place in selfharm.c";
        }
    }

    static void SayWhatWasKnownLast(SuiteSummary summary)
    {
        var known = summary.Results.SelectMany(result => Found(result).Select(finding => (result.Cell.Name, finding.Title, After: finding.Known - finding.Time)));
        foreach (var (name, title, after) in known.OrderByDescending(finding => finding.After).Take(5))
            TestContext.Current.TestOutputHelper!.WriteLine($"{name}: {title}, known {after:F3} s after its first line");
    }

    static bool IsUnstable(IEnumerable<CellResult> times) => times.Select(Fingerprints).Distinct().Count() > 1;

    static string Fingerprints(CellResult result) => string.Join(", ", Found(result).Select(finding => $"{finding.Title} ({finding.Fingerprint})").Distinct());

    static string Repository()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(directory.FullName, "Understudy.slnx"))) directory = directory.Parent ?? throw new DirectoryNotFoundException("the tests are not below a checkout");
        return directory.FullName;
    }
}
