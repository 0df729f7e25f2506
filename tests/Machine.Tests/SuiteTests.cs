using Understudy.Boards;
using Understudy.Devices;
using Understudy.Pci;
using Understudy.Runner;
using Understudy.Runner.Suites;
using Understudy.Runner.Tests;
using Understudy.Verdict;
using TraceKind = Understudy.Verdict.TraceKind;

namespace Understudy.Machine.Tests;

public sealed class SuiteTests : IDisposable
{
    const string Kernel = "debian:6.12";

    readonly SuiteFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    sealed class Silent : ISuiteObserver
    {
        public List<string> Retried { get; } = [];

        public void Planned(int? cells)
        {
        }

        public void At(TestCell cell, string step)
        {
        }

        public void Retries(TestCell cell, string reason) => Retried.Add($"{cell.Name}: {reason}");

        public void Ended(CellResult result)
        {
        }
    }

    async Task<SuiteSummary> PlayAsync(string suite, Func<SuiteRequest, SuiteRequest>? change = null)
    {
        await Bench.LabAsync(Kernel);
        var request = new SuiteRequest(SuiteReader.Read(suite), _folder["runs"], "understudy run") { Kernels = [Kernel] };
        return await SuiteRun.PlayAsync(Bench.Toolbox, change?.Invoke(request) ?? request, new Silent(), TestContext.Current.CancellationToken);
    }

    void Add(string test, string script, string settings = "timeout: 20s\n") => _folder.With($"s/{test}/test.yaml", settings).With($"s/{test}/run", $"#!/bin/sh\n{script}\n");

    static RunRecord Record(SuiteSummary summary, string test) => RunRecord.Load(summary.Results.Single(result => result.Cell.Test.Name == test).Directory);

    [Fact]
    public async Task The_suite_for_the_RTL8111_is_green()
    {
        var summary = await PlayAsync(Path.Combine(Repository(), "suites", "rtl8111"), request => request with { Jobs = 2, Record = true });
        Assert.True(summary.ExitCode == 0, string.Join('\n', summary.Results.Select(result => $"{result.Cell.Name}: {result.Verdict}\n{string.Join('\n', result.Verdict.Evidence)}")));
        Assert.True(summary.Results.Count >= 19, "tests of the suite are missing");
        Assert.Equal(summary.Results.Count, summary.Count(Outcome.Pass));
        Assert.Contains(Record(summary, "lost-interrupt").Trace(), record => record.Kind == TraceKind.Fault);
        Assert.Contains(Record(summary, "surprise-removal").Trace(), record => record.Kind == TraceKind.Fault);
        Assert.Empty(summary.Results.SelectMany(result => RunRecord.Load(result.Directory).Findings).Where(finding => finding.Severity >= Severity.Warning && BusChecks.Find(finding.Rule) is not null).Select(finding => finding.Title));
        foreach (var result in summary.Results) ReplaysEqual(result.Directory);
        ReplaysDifferentlyOnAnotherChip(Record(summary, "link").Path);
    }

    static void ReplaysEqual(string run)
    {
        var result = DeviceRecordings.Replay(Assert.Single(DeviceRecordings.In(run)).Value);
        Assert.True(result.End == ReplayEnd.Equal && result.Entries > 300, $"{run}: {result}");
    }

    // The first thing that tells the chips apart is the version that the driver reads.
    static void ReplaysDifferentlyOnAnotherChip(string run)
    {
        using var recording = File.OpenRead(DeviceRecordings.In(run)["nic"]);
        var result = DeviceReplay.Run(recording, _ => new Rtl8111(chip: Rtl8111Chip.Rtl8168Dp), (_, _) => { });
        Assert.Equal(ReplayEnd.Different, result.End);
        Assert.Matches(@"^recorded: MmioRead RTL8111\.TxConfig = 0x[0-9a-f]+ .* at (\d+) ns\nreplayed: MmioRead RTL8111\.TxConfig = 0x[0-9a-f]+ .* at \1 ns$", result.Text);
    }

    [Fact]
    public async Task A_restored_guest_has_what_the_driver_stands_on_and_meets_the_driver_itself_in_the_test()
    {
        Add("t", "ls /sys/class/net/eth0", "devices: rtl8111 as nic\nmodules: r8169\ntimeout: 20s\n");
        var record = Record(await PlayAsync(_folder["s"]), "t");
        Assert.Equal(Outcome.Pass, record.Verdict!.Outcome);
        var (boot, modules) = (record.Steps.Single(step => step.Name == "boot"), record.Steps.Single(step => step.Name == "modules"));
        Assert.Contains("restored with", boot.Detail, StringComparison.Ordinal);
        Assert.Contains("libphy", boot.Detail, StringComparison.Ordinal);
        Assert.DoesNotContain("r8169", boot.Detail, StringComparison.Ordinal);
        Assert.Contains(record.Kernel(), line => line.Text.Contains("r8169", StringComparison.Ordinal));
        Assert.All(record.Kernel().Where(line => line.Text.Contains("r8169", StringComparison.Ordinal)), line => Assert.True(line.Seconds >= modules.StartedSeconds));
    }

    [Fact]
    public async Task A_matrix_gives_each_point_its_CPUs_its_device_and_its_module_parameters()
    {
        _folder.With("m.yaml", $"kernels: {Kernel}\ncpus: [1, 2]\ndevices: rtl8111dp as nic\nmodule-parameters: {{r8169: debug=3}}\n");
        Add("t", "echo cpus $(grep -c ^processor /proc/cpuinfo) $(dmesg | grep -o RTL8168dp); exit 1", "devices: rtl8111 as nic\nmodules: r8169\ntimeout: 20s\n");
        var summary = await PlayAsync(_folder["s"], request => request with { Kernels = [], Points = MatrixFile.Read(_folder["m.yaml"]), Jobs = 2 });
        foreach (var cpus in (int[])[1, 2])
        {
            var cell = summary.Results.Single(result => result.Cell.Place == $"{Kernel},cpus={cpus}");
            var said = await File.ReadAllTextAsync(Path.Combine(cell.Directory, "run.out"), TestContext.Current.CancellationToken);
            Assert.Contains($"cpus {cpus} RTL8168dp", said, StringComparison.Ordinal);
            Assert.Contains("r8169 debug=3", await File.ReadAllTextAsync(Path.Combine(cell.Directory, "steps.jsonl"), TestContext.Current.CancellationToken), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task The_guest_of_a_test_that_fails_can_be_visited_with_its_device_and_that_of_one_that_passes_cannot()
    {
        Add("bad", "echo was here > /tmp/trace; exit 1", "devices: rtl8111 as nic\ntimeout: 20s\n");
        Add("good", "exit 0");
        var seen = new List<string>();
        await PlayAsync(_folder["s"], request => request with
        {
            Keep = async (cell, guest, devices, cancel) =>
            {
                var left = await guest.ExecuteAsync(["cat", "/tmp/trace"], cancellation: cancel);
                seen.Add($"{cell.Test.Name}: {left.Stdout.Trim()}; {devices.Answer("nic status").Text}");
            },
        });
        Assert.StartsWith("bad: was here; ", Assert.Single(seen), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_suite_for_the_NVMe_controller_is_green()
    {
        var summary = await PlayAsync(Path.Combine(Repository(), "suites", "nvme"), request => request with { Jobs = 2 });
        Assert.True(summary.ExitCode == 0, string.Join('\n', summary.Results.Select(result => $"{result.Cell.Name}: {result.Verdict}\n{string.Join('\n', result.Verdict.Evidence)}")));
        Assert.True(summary.Results.Count >= 15, "tests of the suite are missing");
        Assert.Equal(summary.Results.Count, summary.Count(Outcome.Pass));
    }

    [Fact]
    public async Task The_suite_for_the_16550_is_green()
    {
        var summary = await PlayAsync(Path.Combine(Repository(), "suites", "uart16550"), request => request with { Jobs = 2 });
        Assert.True(summary.ExitCode == 0, string.Join('\n', summary.Results.Select(result => $"{result.Cell.Name}: {result.Verdict}\n{string.Join('\n', result.Verdict.Evidence)}")));
        Assert.True(summary.Results.Count >= 10, "tests of the suite are missing");
        Assert.Equal(summary.Results.Count, summary.Count(Outcome.Pass) + summary.Count(Outcome.Skip));
        Assert.True(summary.Count(Outcome.Pass) >= 10, "tests of the suite are skipped");
    }

    [Theory]
    [InlineData(GuestStart.Cold)]
    [InlineData(GuestStart.Restored)]
    public async Task Every_way_to_end_gets_the_outcome_it_deserves(GuestStart start)
    {
        Add("pass", "echo well; echo beside it >&2");
        Add("fail", "echo no carrier; exit 3");
        Add("skip", "echo not here; exit 4");
        Add("panic", "echo c > /proc/sysrq-trigger; sleep 60");
        Add("foretold", "exit 1", "expect-failure: bug 17\n");
        Add("unforeseen", "exit 0", "expect-failure: bug 17\n");
        Add("warned", "echo '<4>BUG: unable to handle page fault for address: 0' > /dev/kmsg");
        Add("allowed", "echo '<4>eth0 (x): NETDEV WATCHDOG: nothing' > /dev/kmsg; echo '<3>BUG: sleeping function called from invalid context at x.c:1' > /dev/kmsg",
            "allow-log: [{pattern: 'sleeping function', reason: we wrote it}]\nexpect-log: 'NETDEV WATCHDOG'\n");
        Add("silent", "exit 0", "expect-log: 'never said'\n");
        Add("off", "poweroff -f; sleep 60");
        Add("old", "exit 1", "kernel: '<5'\n");
        _folder.With("s/nowhere/run", "#!/bin/nosuchshell\n");
        var summary = await PlayAsync(_folder["s"], request => request with { Start = start, Jobs = 2 });
        var outcomes = summary.Results.Select(result => $"{result.Cell.Test.Name} {result.Outcome.Word()}").Order(StringComparer.Ordinal);
        string[] expected =
        [
            "allowed pass", "fail fail", "foretold xfail", "nowhere error", "off fail", "old skip", "panic fail", "pass pass", "silent fail", "skip skip", "unforeseen xpass", "warned fail",
        ];
        Assert.True(expected.SequenceEqual(outcomes), string.Join('\n', summary.Results.Select(result => $"{result.Cell.Name}: {result.Verdict}\n{string.Join('\n', result.Verdict.Evidence)}")));
        Assert.Equal(1, summary.ExitCode);
        Assert.Equal("well\n", await File.ReadAllTextAsync(Path.Combine(Record(summary, "pass").Path, "run.out"), TestContext.Current.CancellationToken));
        Assert.Equal("beside it\n", await File.ReadAllTextAsync(Path.Combine(Record(summary, "pass").Path, "run.err"), TestContext.Current.CancellationToken));
        Assert.Equal("not here", Record(summary, "skip").Verdict!.Reason);
        Assert.Contains("the kernel log never said 'never said'", Record(summary, "silent").Verdict!.Reason, StringComparison.Ordinal);
        foreach (var name in (string[])["summary.json", "results.ktap", "matrix.html"]) Assert.True(File.Exists(_folder[$"runs/{name}"]), name);
    }

    [Fact]
    public async Task A_test_that_hangs_is_killed_with_all_it_started_and_says_what_the_guest_was_doing()
    {
        Add("hang", "trap '' TERM\nsleep 1000 & sleep 1001", "timeout: 1s\n");
        _folder.With("s/hang/teardown", "#!/bin/sh\nif ps | grep -q '[s]leep 100'; then echo something lives on; exit 1; fi\n");
        var summary = await PlayAsync(_folder["s"]);
        var record = Record(summary, "hang");
        Assert.Equal((Outcome.Fail, "step 'run': still running after 1 s, and killed"), (record.Verdict!.Outcome, record.Verdict.Reason));
        Assert.Equal(Outcome.Pass, record.Steps.Single(step => step.Name == "teardown").Outcome);
        Assert.Contains(record.Kernel(), line => line.Text.Contains("task:sleep", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Each_test_gets_a_guest_that_no_other_has_touched()
    {
        for (var number = 0; number < 3; number++)
            Add($"t{number}", "for f in /run/mark /tmp/mark; do [ -e $f ] && exit 1; mkdir -p ${f%/*}; echo x > $f; done; [ -e \"$UNDERSTUDY_TEST/data/file\" ]");
        for (var number = 0; number < 3; number++) _folder.With($"s/t{number}/data/file", "x");
        Assert.Equal(6, (await PlayAsync(_folder["s"], request => request with { Jobs = 2, Repeat = 2, Shuffle = true })).Count(Outcome.Pass));
    }

    [Fact]
    public async Task Results_in_a_tests_output_count_and_output_without_end_is_cut()
    {
        Add("ktap", "echo 'KTAP version 1'; echo 1..2; echo 'ok 1 first'; echo 'not ok 2 second'");
        Add("flood", "yes 0123456789 | head -c 20000000", "timeout: 5m\n");
        var summary = await PlayAsync(_folder["s"]);
        Assert.Contains("'second'", Record(summary, "ktap").Verdict!.Reason, StringComparison.Ordinal);
        var flood = Path.Combine(Record(summary, "flood").Path, "run.out");
        Assert.InRange(new FileInfo(flood).Length, 8 << 20, (8 << 20) + 100);
        Assert.Contains("bytes left out", await File.ReadAllTextAsync(flood, TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.Equal(Outcome.Pass, Record(summary, "flood").Verdict!.Outcome);
    }

    internal static string Repository()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(directory.FullName, "Understudy.slnx"))) directory = directory.Parent ?? throw new DirectoryNotFoundException("the tests are not below a checkout");
        return directory.FullName;
    }
}
