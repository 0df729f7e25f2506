using Understudy.Build;
using Understudy.Runner.Suites;
using Understudy.Runner.Tests;
using Understudy.Verdict;

namespace Understudy.Machine.Tests;

/// <summary>The suites for the copy engines: their own drivers, and the kernel's VFIO behind an IOMMU.</summary>
public sealed class VfioTests : IDisposable
{
    readonly SuiteFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task The_cases_of_the_VFIO_selftests_pass_in_both_modes_of_a_stock_kernel()
    {
        var done = Done(await PlayAsync("vfio", "intel"));
        Assert.Equal(63, done.Count);
        Assert.All(done, line => Assert.Contains("vfio_type1", line, StringComparison.Ordinal));
    }

    [Fact]
    public async Task They_pass_in_all_five_modes_of_a_kernel_that_has_them()
    {
        if (!await new KernelBuilder(Bench.Toolbox).IsBuiltAsync(Profile.Recipe("vfio"))) Assert.Skip("nobody has built the kernel vfio here, which takes minutes: understudy build --profile vfio");
        Assert.Equal(162, Done(await PlayAsync("vfio", "intel", "vfio")).Count);
    }

    [Fact]
    public async Task The_selftests_of_the_kernel_itself_are_built_from_Debians_sources()
    {
        await Bench.LabAsync("debian:7.2");
        var programs = await new ProgramBuilder(Bench.Toolbox).BuildAsync("kselftest:7.2/vfio", TestContext.Current.CancellationToken);
        Assert.Equal(7, programs.Count);
        Assert.Contains(programs, program => program.Name == "vfio_pci_driver_test");
        var none = await Assert.ThrowsAsync<BuildFailedException>(() => new ProgramBuilder(Bench.Toolbox).BuildAsync("kselftest:7.2/nothing", TestContext.Current.CancellationToken));
        Assert.Contains("no selftests 'nothing'", none.Message, StringComparison.Ordinal);
    }

    // The cases that were tried, of all that were counted: the I/OAT has no MSI, which is a skip in every mode.
    static List<string> Done(string directory)
    {
        var cases = File.ReadLines(Path.Combine(directory, "run.out")).Where(line => line.StartsWith("ok ", StringComparison.Ordinal)).ToList();
        Assert.Equal(226, cases.Count);
        return [.. cases.Where(line => !line.Contains("# SKIP", StringComparison.Ordinal))];
    }

    [Fact]
    public async Task Ioatdma_of_a_stock_kernel_tests_itself_on_the_model() => await PlayAsync("ioat", "probe");

    [Fact]
    public async Task Idxd_of_a_stock_kernel_sets_up_a_queue_on_the_model_and_copies() => await PlayAsync("dsa", "copy");

    async Task<string> PlayAsync(string suite, string test, string kernel = "debian:7.2")
    {
        await Bench.LabAsync(kernel);
        var suites = SuiteReader.Read(Path.Combine(Repository(), "suites", suite)).Select(one => one with { Tests = [.. one.Tests.Where(candidate => candidate.Name == test)] });
        var request = new SuiteRequest([.. suites], _folder["runs"], "understudy run") { Kernels = [kernel] };
        var summary = await SuiteRun.PlayAsync(Bench.Toolbox, request, new SilentSuite(), TestContext.Current.CancellationToken);
        var only = summary.Results.Single();
        Assert.True(only.Verdict.Outcome == Outcome.Pass, $"{only.Verdict}\n{string.Join('\n', only.Verdict.Evidence)}");
        return only.Directory;
    }

    static string Repository()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(directory.FullName, "Understudy.slnx"))) directory = directory.Parent ?? throw new DirectoryNotFoundException("the tests are not below a checkout");
        return directory.FullName;
    }
}
