using System.Diagnostics;
using Understudy.Runner;
using Understudy.Verdict;

namespace Understudy.Machine.Tests;

public sealed class DiskFullTests
{
    [Theory]
    [InlineData("160k")]
    [InlineData("400k")]
    public async Task A_disk_that_fills_up_breaks_the_run_and_names_the_file(string size)
    {
        await Bench.LabAsync("debian:latest");
        using var scratch = new ScratchDirectory();
        var disk = scratch.Path;
        if (!Mount("-t", "tmpfs", "-o", $"size={size}", "none", disk)) Assert.Skip("only root may mount a small disk");
        try
        {
            var directory = Path.Combine(disk, "run");
            var verdict = await Demo.PlayAsync(Bench.Toolbox, new DemoRequest(new LabRequest(), directory, "a test"), new SilentObserver(), TestContext.Current.CancellationToken);
            Assert.Equal((Outcome.Broken, 3), (verdict.Outcome, verdict.ExitCode()));
            Assert.Contains(disk, verdict.Reason, StringComparison.Ordinal);
            var run = RunRecord.Load(directory);
            Assert.Equal(verdict.Reason, run.Verdict!.Reason);
            Assert.Equal(Outcome.Pass, run.Steps[0].Outcome);
        }
        finally
        {
            using var unmounting = Process.Start("umount", [disk]);
            await unmounting.WaitForExitAsync();
        }
    }

    static bool Mount(params string[] arguments)
    {
        using var mounting = Process.Start(new ProcessStartInfo("mount", arguments) { RedirectStandardError = true })!;
        mounting.WaitForExit();
        return mounting.ExitCode == 0;
    }
}
