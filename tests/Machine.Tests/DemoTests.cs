using System.Buffers.Binary;
using Understudy.Runner;
using Understudy.Verdict;

namespace Understudy.Machine.Tests;

public sealed class DemoTests
{
    [Theory]
    [InlineData("debian:6.1")]
    [InlineData("debian:6.12")]
    [InlineData("debian:7.2")]
    public async Task The_demo_passes_and_leaves_a_complete_run_directory(string kernel)
    {
        using var scratch = new ScratchDirectory();
        var (verdict, run) = await PlayAsync(kernel, scratch["run"]);
        Assert.True(verdict.Outcome == Outcome.Pass, $"{verdict}\n{string.Join('\n', verdict.Evidence)}");
        Assert.Equal(0, verdict.ExitCode());
        Assert.Equal(Outcome.Pass, run.Verdict!.Outcome);
        Assert.Equal(["toolchain", "accelerator", "boot", "driver", "link", "traffic", "fault", "shutdown"], run.Steps.Select(step => step.Name));
        Assert.All(run.Steps, step => Assert.Equal(Outcome.Pass, step.Outcome));
        Assert.DoesNotContain(run.Findings, finding => finding.Counts);
        Assert.Empty(run.Problems);
        CheckFacts(run.Info, kernel);
        var log = run.Kernel().Select(record => record.Text).ToList();
        Assert.Contains(log, text => text.Contains("Link is Up - 1Gbps/Full", StringComparison.Ordinal));
        Assert.Contains(log, text => text.Contains("Link is Down", StringComparison.Ordinal));
        Assert.Contains(run.Trace(), record => record.Kind == TraceKind.Fault);
        Assert.Contains("report.html", Directory.EnumerateFiles(run.Path).Select(Path.GetFileName));
        Assert.True(FramesIn(Path.Combine(run.Path, "wire.pcap")) > 200, "100 pings and their answers are on the wire");
    }

    [Fact]
    public async Task A_kernel_without_the_driver_is_skipped_and_blamed_on_nobody()
    {
        using var scratch = new ScratchDirectory();
        var (verdict, run) = await PlayAsync("debian:6.1-cloud", scratch["run"]);
        Assert.Equal(Outcome.Skip, verdict.Outcome);
        Assert.Equal(0, verdict.ExitCode());
        Assert.Contains("r8169", verdict.Reason, StringComparison.Ordinal);
        Assert.Contains("debian:6.1-cloud", verdict.Reason, StringComparison.Ordinal);
    }

    static async Task<(RunVerdict Verdict, RunRecord Run)> PlayAsync(string kernel, string directory)
    {
        await Bench.LabAsync(kernel);
        var verdict = await Demo.PlayAsync(Bench.Toolbox, new DemoRequest(new LabRequest(kernel), directory, "a test"), new SilentObserver(), TestContext.Current.CancellationToken);
        return (verdict, RunRecord.Load(directory));
    }

    static void CheckFacts(RunInfo info, string kernel)
    {
        Assert.Equal(kernel, info.Kernel!.Name);
        Assert.StartsWith(kernel["debian:".Length..], info.Kernel.Release, StringComparison.Ordinal);
        Assert.Equal(64, info.Kernel.Sha256!.Length);
        Assert.Contains("11.", info.Qemu!.Version, StringComparison.Ordinal);
        Assert.NotEmpty(info.Accelerator!.Reason);
        Assert.Equal("rtl8111", Assert.Single(info.Devices).Model);
        Assert.Matches("^0000:[0-9a-f]{2}:00.0$", info.Devices[0].Address!);
    }

    static int FramesIn(string pcap)
    {
        var bytes = File.ReadAllBytes(pcap).AsSpan();
        Assert.Equal(0xA1B2_3C4Du, BinaryPrimitives.ReadUInt32LittleEndian(bytes));
        var frames = 0;
        for (var at = 24; at < bytes.Length; frames++)
        {
            var (kept, whole) = (BinaryPrimitives.ReadInt32LittleEndian(bytes[(at + 8)..]), BinaryPrimitives.ReadInt32LittleEndian(bytes[(at + 12)..]));
            Assert.InRange(kept, 14, whole);
            at += 16 + kept;
            Assert.True(at <= bytes.Length, "the last frame is whole");
        }
        return frames;
    }
}
