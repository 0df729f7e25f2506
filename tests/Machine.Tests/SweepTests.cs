using Understudy.Boards;
using Understudy.Runner.Fuzzing;
using Understudy.Runner.Suites;
using Understudy.Runner.Sweeps;
using Understudy.Toolchain;

namespace Understudy.Machine.Tests;

/// <summary>Faults struck at a real kernel's driver, one guest each: our copy engine's, with a bug and without.</summary>
public sealed class SweepTests : IDisposable
{
    readonly ScratchDirectory _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public async Task A_sound_driver_survives_a_lost_interrupt_a_refused_DMA_a_lie_and_a_pulled_card()
    {
        var summary = await SweepAsync("bug=0", "irq 0 nth=2 -> drop", "dma-read * nth=1 -> fail", "dma-write * nth=2 -> flip 0x100000000", "mmio-read Ditto.IntStatus nth=2 -> remove");
        Assert.Equal((4, 0), (summary.Count(SweepOutcome.Survived), summary.ExitCode));
        Assert.Empty(Directory.EnumerateDirectories(Path.Combine(summary.Request.Output, "runs")));
        Assert.Contains("survived every fault", await File.ReadAllTextAsync(Path.Combine(summary.Request.Output, "sweep.html")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_driver_that_takes_any_completion_for_one_of_a_request_is_found_out_by_a_wrong_tag()
    {
        var summary = await SweepAsync("bug=17", "dma-write * nth=2 -> flip 0x1", "mmio-read Ditto.Serial nth=1 -> spurious");
        var group = Assert.Single(summary.Groups);
        Assert.Equal("ditto: dma-write * nth=2 -> flip 0x1", group.Smallest.Rule);
        Assert.Equal("kernel-mode-fault", group.Finding.Kind);
        Assert.Equal((1, 1, 1), (summary.Count(SweepOutcome.Survived), summary.Count(SweepOutcome.Found), summary.ExitCode));
        Assert.True(File.Exists(Path.Combine(summary.Request.Output, group.Smallest.Run!, "report.html")));

        // The journal knows: asked again, nothing is played.
        var again = await PlayAsync(summary.Request);
        Assert.Equal((0, 1), (again.Played, again.Count(SweepOutcome.Found)));
    }

    [Fact]
    public async Task A_driver_that_resets_nothing_does_not_recover_from_a_card_that_an_error_stopped()
    {
        var summary = await SweepAsync("bug=30", "dma-read * nth=3 -> fail");
        Assert.Equal("recovery", Assert.Single(summary.Groups).Finding.Kind);
    }

    [Fact]
    public async Task A_reference_that_fails_is_the_finding_and_nothing_is_tried()
    {
        var summary = await SweepAsync("bug=12");
        Assert.Contains("serial", Assert.Single(summary.Reference).Title, StringComparison.Ordinal);
        Assert.Equal((0, 0, 1), (summary.Points.Count, summary.Played, summary.ExitCode));
    }

    [Fact]
    public async Task Of_lies_that_are_told_together_the_one_that_counts_is_left()
    {
        var request = Request("bug=18", "ditto: mmio-read Ditto.Serial nth=1 -> value 0x1", "ditto: mmio-read Ditto.Capabilities.ClockMhz nth=1 -> value 0x0", "ditto: irq 0 nth=1 -> duplicate");
        var summary = await FuzzRun.PlayAsync(Bench.Toolbox, request, new Unwatched(), TestContext.Current.CancellationToken);
        var found = Assert.Single(summary.Findings);
        Assert.Equal(["ditto: mmio-read Ditto.Capabilities.ClockMhz nth=1 -> value 0x0"], found.Rules);
        Assert.Equal(("kernel-mode-fault", 1, 1), (found.Finding.Kind, summary.Cases, summary.ExitCode));
        Assert.EndsWith("--fault 'ditto: mmio-read Ditto.Capabilities.ClockMhz nth=1 -> value 0x0'", found.Reproduce, StringComparison.Ordinal);
    }

    Task<SweepSummary> SweepAsync(string parameters, params string[] rules) => PlayAsync(Request(parameters, [.. rules.Select(rule => $"ditto: {rule}")]));

    SweepRequest Request(string parameters, params IReadOnlyList<string> rules)
    {
        var test = (DirectoryTest)SuiteReader.Read([Path.Combine(SuiteTests.Repository(), "suites", "ditto", "copy")])[0].Tests[0];
        test = (DirectoryTest)(test with { Settings = test.Settings.WithParameters(parameters) });
        return new SweepRequest(test, Path.Combine(_scratch.Path, parameters), "understudy sweep suites/ditto/copy") { Board = "uml", Kernel = BoardCatalog.Find("uml").Kernel, Rules = rules };
    }

    static async Task<SweepSummary> PlayAsync(SweepRequest request)
    {
        try
        {
            return await SweepRun.PlayAsync(Bench.Toolbox, request, new Silent(), TestContext.Current.CancellationToken);
        }
        catch (ToolchainException absent) when (absent.Problem is ToolchainProblem.Offline or ToolchainProblem.NoMirror)
        {
            Assert.Skip(absent.Message);
            throw;
        }
    }

    sealed class Silent : ISweepObserver
    {
        public void Says(string text) { }

        public void Planned(int touches, int points, int known) { }

        public void Ended(SweepResult result, bool isNew) { }
    }

    sealed class Unwatched : IFuzzObserver
    {
        public void Tried(int cases, int kept, int features)
        {
        }

        public void Found(FuzzFinding finding)
        {
        }
    }
}
