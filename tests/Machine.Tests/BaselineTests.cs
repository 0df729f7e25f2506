using Understudy.Build;
using Understudy.Guest;
using Understudy.Runner.Suites;
using Understudy.Verdict;

namespace Understudy.Machine.Tests;

public sealed class BaselineTests
{
    const string Kernel = "debian:6.12", InGuest = "/run/understudy/modules/selfharm.ko";

    [Theory]
    [InlineData(true, Outcome.Pass)]
    [InlineData(false, Outcome.Fail)]
    public async Task A_kernel_that_warns_before_the_driver_comes_passes_and_one_that_warns_after_it_fails(bool before, Outcome outcome)
    {
        var lab = await Bench.LabAsync(Kernel);
        using var scratch = new ScratchDirectory();
        var module = Path.Combine(SuiteTests.Repository(), "tests", "drivers", "selfharm");
        var built = (await new ModuleBuilder(Bench.Toolbox).BuildAsync(module, lab.Kernel)).Modules.Single().Path;
        await using var run = TestRun.Begin(new TestPlan("s/t", Kernel, new TestSettings(), "understudy run s/t"), scratch["run"], new SilentObserver());
        Assert.True(await run.PrepareAsync(_ => Task.FromResult(lab), (guest, _) => before ? WarnAsync(guest, built) : Task.CompletedTask));
        await run.Run.StepAsync("test", _ => before ? Task.CompletedTask : WarnAsync(run.Machine.Guest, built));
        await run.ReadLogAsync();
        var verdict = await run.ConcludeAsync();
        Assert.Equal(outcome, verdict.Outcome);
        var finding = Assert.Single(RunRecord.Load(run.Run.Directory.Path).Findings);
        Assert.Equal(("WARNING in selfharm_warning", before), (finding.Title, finding.Baseline));
    }

    static async Task WarnAsync(GuestAgent guest, string module)
    {
        await guest.PushAsync(InGuest, await File.ReadAllBytesAsync(module));
        await guest.LoadModuleAsync(InGuest, "harm=warning");
    }
}
