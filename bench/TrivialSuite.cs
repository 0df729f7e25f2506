using Understudy.Runner;
using Understudy.Runner.Suites;
using Understudy.Toolchain;
using Understudy.Verdict;

namespace Understudy.Bench;

/// <summary>Directory tests that do nothing, as many as wanted: what is left is what a test costs.</summary>
sealed class TrivialSuite : IDisposable
{
    readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("trivial-");

    public TrivialSuite(int tests, bool withCard)
    {
        Tests = tests;
        if (withCard) File.WriteAllText(Path.Combine(Suite.FullName, "suite.yaml"), "devices: rtl8111 as nic\nmodules: r8169\n");
        for (var number = 0; number < tests; number++)
        {
            var run = Path.Combine(Suite.CreateSubdirectory($"t{number:000}").FullName, "run");
            File.WriteAllText(run, withCard ? "#!/bin/sh\n[ -e /sys/class/net/eth0 ]\n" : "#!/bin/sh\n[ -e /proc/version ]\n");
            File.SetUnixFileMode(run, File.GetUnixFileMode(run) | UnixFileMode.UserExecute);
        }
    }

    public int Tests { get; }

    /// <summary>Runs all of them.</summary>
    /// <returns>Tests a second.</returns>
    /// <exception cref="InvalidOperationException">One did not pass.</exception>
    public async Task<double> PlayAsync(Toolbox toolbox, string kernel, int jobs, CancellationToken cancel)
    {
        var output = Path.Combine(_directory.FullName, "runs");
        var request = new SuiteRequest(SuiteReader.Read(Suite.FullName), output, "bench/run restore") { Kernels = [kernel], Jobs = jobs };
        var summary = await SuiteRun.PlayAsync(toolbox, request, new Nobody(), cancel);
        Directory.Delete(output, recursive: true);
        if (summary.ExitCode != 0 || summary.Results.Count != Tests)
            throw new InvalidOperationException($"a test that does nothing did not pass: {summary.Results.FirstOrDefault(result => !result.Outcome.IsGood())?.Verdict}");
        return Tests / summary.Seconds;
    }

    public void Dispose() => _directory.Delete(recursive: true);

    DirectoryInfo Suite => _directory.CreateSubdirectory("s");
}
