using Understudy.Runner.Suites;
using Understudy.Runner.Tests;
using Understudy.Verdict;

namespace Understudy.Machine.Tests;

public sealed class MemoryDumpTests : IDisposable
{
    const string Kernel = "debian:6.12";

    readonly SuiteFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task The_memory_of_a_guest_that_panicked_is_kept_and_that_of_others_is_not()
    {
        await Bench.LabAsync(Kernel);
        foreach (var (test, script) in ((string, string)[])[("panics", "echo c > /proc/sysrq-trigger; sleep 60"), ("passes", "exit 0"), ("powers-off", "echo o > /proc/sysrq-trigger; sleep 60")])
            _folder.With($"s/{test}/run", $"#!/bin/sh\n{script}\n");
        var request = new SuiteRequest(SuiteReader.Read(_folder["s"]), _folder["runs"], "understudy run") { Kernels = [Kernel], DumpMemory = true };
        var summary = await SuiteRun.PlayAsync(Bench.Toolbox, request, new SilentSuite(), TestContext.Current.CancellationToken);
        CellResult Of(string test) => summary.Results.Single(result => result.Cell.Test.Name == test);

        var panics = Of("panics");
        Assert.Equal(Outcome.Fail, panics.Outcome);
        var dump = Assert.Single(Directory.GetFiles(panics.Directory, "memory.*"));
        Assert.Equal($"the guest's memory is in {Path.GetFileName(dump)}", panics.Verdict.Evidence[0]);
        var head = new byte[8];
        using (var file = File.OpenRead(dump)) await file.ReadExactlyAsync(head, TestContext.Current.CancellationToken);
        Assert.True(head.AsSpan().StartsWith("KDUMP   "u8) || head.AsSpan().StartsWith("\u007fELF"u8));
        Assert.True(new FileInfo(dump).Length > 1 << 20);

        Assert.Equal((Outcome.Pass, Outcome.Fail), (Of("passes").Outcome, Of("powers-off").Outcome));
        Assert.Contains("PoweredOff", Of("powers-off").Verdict.Reason, StringComparison.Ordinal);
        Assert.All((string[])["passes", "powers-off"], test => Assert.Empty(Directory.GetFiles(Of(test).Directory, "memory.*")));
    }
}
