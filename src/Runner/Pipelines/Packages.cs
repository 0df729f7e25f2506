using Understudy.Build;
using Understudy.Runner.Dkms;
using Understudy.Runner.Suites;
using Understudy.Toolchain;
using Understudy.Verdict;

namespace Understudy.Runner.Pipelines;

/// <summary>Makes the DKMS packages of a driver and takes them through the kernel of a cell.</summary>
static class Packages
{
    /// <summary>Refuses what can be no package, before anything runs.</summary>
    /// <exception cref="SuiteException">There is no dkms.conf, or it is of no use.</exception>
    public static void Check(Pipeline pipeline, PipelineStep step)
    {
        foreach (var directory in step.What)
            try
            {
                DkmsPackage.Read(directory);
            }
            catch (Exception wrong) when (wrong is FormatException or BuildFailedException)
            {
                throw new SuiteException([new SuiteProblem(pipeline.File, 0, step.Name, wrong.Message)]);
            }
    }

    public static async Task<CellVerdict> TryAsync(Toolbox toolbox, CellTask task, int seed, CancellationToken cancel)
    {
        if (task.Cell.Step.What is not [var directory]) return new CellVerdict(Outcome.Error, "a step makes the packages of one directory; give each a step of its own");
        var request = new DkmsRequest(directory, DkmsPackage.Read(directory), task.Directory)
        {
            Kernels = [task.Cell.Kernel], Devices = task.Cell.Step.Devices, Ways = task.Cell.Ways, Seed = seed,
            Distribution = task.Cell.Distribution ?? DebianDistribution.Default,
        };
        var summary = await DkmsRun.PlayAsync(toolbox, request, new Watch(task.Says), cancel).ConfigureAwait(false);
        cancel.ThrowIfCancellationRequested();
        var verdict = summary.Results.Single().Verdict;
        var reason = verdict.Outcome == Outcome.Pass ? $"{string.Join(", ", summary.Packages.Select(Path.GetFileName))} on {request.Distribution}" : verdict.Reason;
        return new CellVerdict(verdict.Outcome, reason) { Evidence = verdict.Outcome.IsGood() ? [] : verdict.Evidence, Page = "matrix.html" };
    }

    sealed class Watch(Action<string> says) : IDkmsObserver
    {
        public void Packed(IReadOnlyList<string> files) => says($"made {string.Join(", ", files.Select(Path.GetFileName))}");

        public void Began(string kernel, StepRecord step) => says(step.Name);

        public void Ended(string kernel, StepRecord step)
        {
        }

        public void Ended(DkmsResult result)
        {
        }
    }
}
