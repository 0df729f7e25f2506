using System.Globalization;
using Understudy.Cli.Tests;
using Understudy.Runner.Suites;
using Understudy.Runner.Tests;
using Understudy.Verdict;

namespace Understudy.Machine.Tests;

/// <summary>Many tests in a row, and many runners at once. <c>tests/soak growth</c> runs the first with as many as it is told.</summary>
public sealed class EnduranceTests : IDisposable
{
    const string Kernel = "debian:6.1";

    readonly SuiteFolder _folder = new();
    readonly ScratchDirectory _temporary = new();
    readonly Dictionary<string, string?> _environment = [];

    static int Tests => int.Parse(Environment.GetEnvironmentVariable("UNDERSTUDY_GROWTH_TESTS") ?? "24", CultureInfo.InvariantCulture);

    public void Dispose()
    {
        foreach (var (name, value) in _environment) Environment.SetEnvironmentVariable(name, value);
        _folder.Dispose();
        _temporary.Dispose();
    }

    [Fact]
    public async Task Tests_back_to_back_leave_nothing_behind_in_the_process_that_runs_them()
    {
        using var cache = await PrivateCache.ForAsync(Kernel);
        foreach (var name in (string[])["TMPDIR", "XDG_RUNTIME_DIR"]) Set(name, _temporary.Path);
        _folder.WithTest("s/empty").With("s/card/test.yaml", "devices: rtl8111 as nic\nmodules: r8169\n").With("s/card/run", "#!/bin/sh\nip link set eth0 up && device nic cable on && rmmod r8169\n")
            .With("s/panic/test.yaml", "expect-failure: it is asked to\ntimeout: 20s\n").With("s/panic/run", "#!/bin/sh\necho c > /proc/sysrq-trigger\nsleep 60\n");
        await PlayAsync(cache, Math.Max(12, Tests / 5));
        var before = Footprint.Take([_temporary.Path, .. cache.Places]);
        await PlayAsync(cache, Tests);
        var after = await SettledAsync(before, Tests, () => Footprint.Take([_temporary.Path, .. cache.Places]));
        Console.WriteLine($"after a warm-up  {before}\nafter {Tests,4} tests {after}");
        var grown = after.GrownSince(before, Tests).ToList();
        Assert.True(grown.Count == 0, string.Join('\n', grown));
    }

    [Fact]
    public async Task Two_runners_on_one_cache_without_saved_guests_both_succeed_and_leave_it_whole()
    {
        using var cache = await PrivateCache.ForAsync(Kernel);
        _folder.WithTest("s/one").WithTest("s/two");
        using (var first = Runner(cache, "first"))
        using (var second = Runner(cache, "second"))
        {
            var ends = await Task.WhenAll(first.EndAsync(), second.EndAsync());
            Assert.True(ends is [0, 0], $"{first.Out}{first.Error}{second.Out}{second.Error}");
        }
        var saved = Assert.Single(cache.Guests);
        Assert.Empty(cache.Drafts);
        var state = File.GetLastWriteTimeUtc(Path.Combine(saved, "state"));
        using var third = Runner(cache, "third");
        Assert.Equal(0, await third.EndAsync());
        Assert.Equal((saved, state), (Assert.Single(cache.Guests), File.GetLastWriteTimeUtc(Path.Combine(saved, "state"))));
    }

    // What ends by itself, such as a pipe whose process has just gone, may end a little later; what has grown stays.
    static async Task<Footprint> SettledAsync(Footprint before, int tests, Func<Footprint> take)
    {
        using var poll = new PeriodicTimer(TimeSpan.FromSeconds(1));
        var after = take();
        for (var round = 0; round < 10 && after.GrownSince(before, tests).Any(); round++)
        {
            await poll.WaitForNextTickAsync(TestContext.Current.CancellationToken);
            after = take();
        }
        return after;
    }

    CliProcess Runner(PrivateCache cache, string name)
    {
        var home = Directory.CreateDirectory(_folder[name]).FullName;
        return CliProcess.Start(home, new Dictionary<string, string?> { ["XDG_CACHE_HOME"] = cache.Home }, "run", _folder["s"], "--kernel", Kernel, "-j", "2", "--output", "runs");
    }

    async Task PlayAsync(PrivateCache cache, int tests)
    {
        const int inSuite = 3;
        var request = new SuiteRequest(SuiteReader.Read(_folder["s"]), _folder["runs"], "understudy run") { Kernels = [Kernel], Jobs = 2, Repeat = (tests + inSuite - 1) / inSuite };
        var summary = await SuiteRun.PlayAsync(cache.Toolbox, request, new SilentSuite(), TestContext.Current.CancellationToken);
        Assert.True(summary.ExitCode == 0, string.Join('\n', summary.Results.Where(result => !result.Outcome.IsGood()).Select(result => $"{result.Cell.Name}: {result.Verdict}")));
        Directory.Delete(_folder["runs"], recursive: true);
    }

    void Set(string name, string value)
    {
        _environment.TryAdd(name, Environment.GetEnvironmentVariable(name));
        Environment.SetEnvironmentVariable(name, value);
    }
}
