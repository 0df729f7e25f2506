using Understudy.Build;
using Understudy.Runner.Suites;
using Understudy.Verdict;

namespace Understudy.Machine.Tests;

/// <summary>Which lines of a driver ran, on a kernel that counts them. It is not built for the tests' sake: where nobody has built it, they
/// are skipped.</summary>
public sealed class DriverCoverageTests
{
    const string Kernel = "uml/coverage";

    [Fact]
    public async Task A_driver_built_here_and_one_of_the_kernels_say_which_lines_a_suite_ran()
    {
        await RequireKernelAsync();
        using var scratch = new ScratchDirectory();
        var lines = await PlayAsync(Path.Combine(scratch.Path, "ditto"), "ditto", "copy");
        var probe = Assert.Single(lines.Sources, source => source.Path.EndsWith("drivers/ditto/ditto_pci.c", StringComparison.Ordinal));
        Assert.True(probe.Functions["ditto_probe"].Count > 0, "its probe was never called");
        Assert.InRange(probe.Hit, 1, probe.Lines.Count - 1);
        var page = File.ReadAllText(Path.Combine(scratch.Path, "ditto", LineCoverage.PageName));
        Assert.Contains("static int ditto_probe(struct pci_dev *pdev", page, StringComparison.Ordinal);
        Assert.Contains(LineCoverage.PageName, File.ReadAllText(Path.Combine(scratch.Path, "ditto", "matrix.html")), StringComparison.Ordinal);

        lines = await PlayAsync(Path.Combine(scratch.Path, "nic"), "rtl8111", "link");
        var open = Assert.Single(lines.Sources, source => source.Path.EndsWith("realtek/r8169_main.c", StringComparison.Ordinal));
        Assert.True(open.Functions["rtl_open"].Count > 0, "r8169 was never opened");
        Assert.Equal(0, open.Functions["rtl8169_get_ethtool_stats"].Count);
        Assert.DoesNotContain(lines.Sources, source => source.Path.EndsWith(".h", StringComparison.Ordinal) && !source.Path.Contains("realtek", StringComparison.Ordinal));
    }

    static async Task<LineCoverage> PlayAsync(string output, string suite, string test)
    {
        var request = new SuiteRequest(SuiteReader.Read(Path.Combine(SuiteTests.Repository(), "suites", suite)), output, "a test") { Board = "uml", Kernels = [Kernel], Selection = new TestSelection { Names = [test] } };
        var summary = await SuiteRun.PlayAsync(Bench.Toolbox, request, new SilentSuite(), TestContext.Current.CancellationToken);
        Assert.Equal(Outcome.Pass, Assert.Single(summary.Results).Outcome);
        return LineCoverage.In(output)!;
    }

    static async Task RequireKernelAsync()
    {
        await UmlTests.LabAsync();
        if (!await new KernelBuilder(Bench.Toolbox).IsBuiltAsync(Profile.Recipe(Kernel))) Assert.Skip($"nobody has built {Kernel} here, which takes minutes: understudy build --profile {Kernel}");
    }
}
