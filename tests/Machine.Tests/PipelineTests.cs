using Understudy.Runner.Pipelines;
using Understudy.Verdict;

namespace Understudy.Machine.Tests;

public sealed class PipelineTests : IDisposable, IPipelineObserver
{
    const string Kernel = "debian:6.12";

    readonly string _output = Path.Combine(Directory.CreateTempSubdirectory("understudy-pipeline-").FullName, "out");

    public void Dispose() => Directory.Delete(Path.GetDirectoryName(_output)!, recursive: true);

    [Fact]
    public async Task The_cell_of_a_kernel_and_an_interrupt_is_built_and_tested()
    {
        await Bench.LabAsync(Kernel);
        var pipeline = Pipeline.Read(Path.Combine(Repository(), "pipelines", "datadev.yaml"));
        string[] cells = [$"phase=build,step=build,kernel={Kernel}", $"phase=cpu,step=modes,kernel={Kernel},irq=intx"];
        var request = new PipelineRequest(pipeline, CellSelector.Choose(pipeline, cells), _output, "understudy pipeline") { Tests = ["proc", "buffer-modes"], Jobs = 2 };
        Assert.Equal(2, request.Cells.Count);
        var summary = await PipelineRun.PlayAsync(request, await CellPlayer.OpenAsync(Bench.Toolbox, request, TestContext.Current.CancellationToken), this, TestContext.Current.CancellationToken);
        Assert.True(summary.ExitCode == 0, string.Join('\n', summary.Results.Select(result => $"{result.Cell.Name}: {result.Verdict}\n{string.Join('\n', result.Verdict?.Evidence ?? [])}")));
        Assert.All(summary.Results, result => Assert.Equal("pass", result.Word));
        var runs = RunSummary.Read(summary.Results[1].Directory!);
        Assert.Equal(2, runs.Count(Outcome.Pass));
        // The card has INTx only, and the driver says so: the axis has reached the guest.
        Assert.All(runs.Runs, run => Assert.Contains(RunRecord.Load(Path.Combine(runs.Path, run.Folder)).Kernel(), line => line.Text.Contains("using legacy INTx interrupts", StringComparison.Ordinal)));
        Assert.All(runs.Runs, run => Assert.StartsWith("understudy pipeline ", run.Info.Command, StringComparison.Ordinal));
        Assert.True(new FileInfo(Path.Combine(summary.Results[0].Directory!, "axisg2.ko")).Length > 10000);
        Assert.Contains("cpu/modes/kernel%3Ddebian-6.12", File.ReadAllText(Path.Combine(_output, PipelineFiles.Page)), StringComparison.Ordinal);
    }

    [Fact]
    public void The_pipelines_that_come_with_the_product_can_be_read_and_choose_tests()
    {
        foreach (var file in Directory.EnumerateFiles(Path.Combine(Repository(), "pipelines"), "*.yaml"))
        {
            var pipeline = Pipeline.Read(file);
            Assert.NotEmpty(pipeline.Cells());
            Assert.All(pipeline.Phases.SelectMany(phase => phase.Steps), step => Assert.True(CellPlayer.HasTests(step, ["*"]), $"{file}: {step.Name}"));
        }
    }

    void IPipelineObserver.Began(string phase, int cells)
    {
    }

    void IPipelineObserver.At(PipelineCell cell, string doing)
    {
    }

    void IPipelineObserver.Ended(PipelineResult result)
    {
    }

    void IPipelineObserver.Closed(string phase, string why)
    {
    }

    static string Repository()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(directory!.FullName, "Understudy.slnx"))) directory = directory.Parent;
        return directory.FullName;
    }
}
