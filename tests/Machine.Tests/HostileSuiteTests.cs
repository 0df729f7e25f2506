using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Xml.Linq;
using Understudy.Cli.Tests;
using Understudy.Runner.Suites;
using Understudy.Runner.Tests;
using Understudy.Verdict;

namespace Understudy.Machine.Tests;

/// <summary>Tests that do their worst to the guest, to us and to the next test: each gets the outcome it deserves, in clear words.</summary>
public sealed class HostileSuiteTests : IDisposable
{
    const string Kernel = "debian:6.12";

    readonly SuiteFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    async Task<SuiteSummary> PlayAsync(Func<SuiteRequest, SuiteRequest>? change = null)
    {
        await Bench.LabAsync(Kernel);
        var request = new SuiteRequest(SuiteReader.Read(_folder["s"]), _folder["runs"], "understudy run") { Kernels = [Kernel] };
        return await SuiteRun.PlayAsync(Bench.Toolbox, change?.Invoke(request) ?? request, new SilentSuite(), TestContext.Current.CancellationToken);
    }

    HostileSuiteTests Add(string test, string script, string settings = "timeout: 60s\n")
    {
        _folder.With($"s/{test}/test.yaml", settings).With($"s/{test}/run", $"#!/bin/sh\n{script}\n");
        return this;
    }

    static CellResult Of(SuiteSummary summary, string test)
    {
        var result = summary.Results.Single(cell => cell.Cell.Test.Name == test);
        TestContext.Current.TestOutputHelper!.WriteLine($"{test}: {result.Verdict} ({result.Seconds:F1} s)");
        return result;
    }

    // A row: the test, how it must end, and words its reason must hold.
    static void Ended(SuiteSummary summary, string test, Outcome outcome, string words)
    {
        var verdict = Of(summary, test).Verdict;
        Assert.True(verdict.Outcome == outcome && verdict.Reason.Contains(words, StringComparison.Ordinal), $"{test}: {verdict}, not {outcome} with '{words}'\n{string.Join('\n', verdict.Evidence)}");
    }

    static RunRecord Record(SuiteSummary summary, string test) => RunRecord.Load(Of(summary, test).Directory);

    [Fact]
    public async Task Whatever_a_test_does_the_right_one_is_blamed()
    {
        // The agent's link takes half a minute to be given up, twice; meanwhile the others run.
        Add("agent-link", "for d in /sys/bus/virtio/drivers/virtio_console/virtio*; do echo ${d##*/} > ${d%/*}/unbind; done; sleep 1000", "timeout: 5m\n")
            .Add("agent-killed", "a=0x$(head -1 /proc/1/maps | cut -d- -f1); dd if=/dev/zero of=/proc/1/mem bs=4096 seek=$((a / 4096)) count=200 conv=notrunc; sleep 1000")
            .Add("agent-signalled", "kill -9 1; kill -SEGV 1; kill -STOP 1; kill -9 -1; echo alive")
            .Add("userland-gone", "rm -rf /bin /sbin /usr /run/understudy /dev/vport*; echo gone")
            .Add("shell-gone", "rm -rf /bin; echo gone", "devices: rtl8111 as nic\ntimeout: 60s\n")
            .Add("reboot", "reboot -f; sleep 1000")
            .Add("sysrq-b", "echo b > /proc/sysrq-trigger; sleep 1000")
            .Add("off", "poweroff -f; sleep 1000")
            .Add("forever", "while :; do :; done", "timeout: 2s\n")
            .Add("deaf", "trap '' TERM INT HUP; sleep 1000", "timeout: 2s\n")
            .Add("plan-lies", "echo KTAP version 1; echo 1..5; echo ok 1 a; echo ok 2 b")
            .Add("stops-half-way", "echo KTAP version 1; echo 1..2; echo ok 1 a; echo c > /proc/sysrq-trigger; sleep 1000")
            .Add("characters", @"printf '\000\001\033[31mred\377\376 ok 1\r\b\n\033]0;title\007'; printf '\033[2J\377\n' > /dev/ttyS0; printf '<4>\377\376\033[31m in the log' > /dev/kmsg; printf '\377\033[2J why\n'; exit 1");
        _folder.With("s/missing/run", "#!/bin/sh\n").With("s/missing/data/readable", "x");
        File.CreateSymbolicLink(_folder["s/missing/data/dangling"], "nowhere");
        var summary = await PlayAsync(request => request with { Jobs = 2 });
        Ended(summary, "agent-link", Outcome.Broken, "the guest gave no sign of life any more in the middle of the step");
        Ended(summary, "agent-killed", Outcome.Fail, "Kernel panic: Attempted to kill init!");
        Ended(summary, "agent-signalled", Outcome.Pass, "");
        Ended(summary, "userland-gone", Outcome.Pass, "");
        Ended(summary, "shell-gone", Outcome.Error, "the test left a guest without a shell");
        Ended(summary, "reboot", Outcome.Fail, "the machine ended in the middle of the step: Reset");
        Ended(summary, "sysrq-b", Outcome.Fail, "the machine ended in the middle of the step: Reset");
        Ended(summary, "off", Outcome.Fail, "the machine ended in the middle of the step: PoweredOff");
        foreach (var endless in (string[])["forever", "deaf"])
        {
            Ended(summary, endless, Outcome.Fail, "step 'run': still running after 2 s, and killed");
            Assert.Contains(Record(summary, endless).Kernel(), line => line.Text.Contains("task:", StringComparison.Ordinal));
        }
        Ended(summary, "plan-lies", Outcome.Error, "promised by the plan 1..5, never came");
        Assert.Equal(2, Record(summary, "plan-lies").Steps.SelectMany(step => step.Results ?? []).Count(result => result.Outcome == Outcome.Pass));
        Ended(summary, "stops-half-way", Outcome.Fail, "Kernel panic: sysrq triggered crash");
        Ended(summary, "missing", Outcome.Error, "a file of the test cannot be read: Could not find file");
        Ended(summary, "characters", Outcome.Fail, "step 'run': exit code 1: ]0;title\uFFFD[2J why");
        Assert.Equal([0, 1, 0x1B, (byte)'[', (byte)'3'], (await File.ReadAllBytesAsync(Path.Combine(Of(summary, "characters").Directory, "run.out"), TestContext.Current.CancellationToken))[..5]);
        Assert.Contains(Record(summary, "characters").Kernel(), line => line.Text.Contains("in the log", StringComparison.Ordinal));
        Assert.Equal(1, summary.ExitCode);
        await AssertExportsAsync();
    }

    // What such runs leave, other tools can read.
    async Task AssertExportsAsync()
    {
        foreach (var format in (string[])["junit", "ktap", "tuxrun", "kcidb"])
        {
            using var program = CliProcess.Start(_folder.Path, "export", "runs", "--format", format, "-o", $"out.{format}");
            Assert.True(await program.EndAsync() == 0, program.Error);
            var text = await File.ReadAllTextAsync(_folder[$"out.{format}"], Encoding.UTF8, TestContext.Current.CancellationToken);
            if (format == "junit") XDocument.Parse(text);
            else if (format == "ktap") Assert.DoesNotContain(text, c => char.IsControl(c) && c != '\n');
            else if (format == "kcidb") KcidbSchema.Holds(text);
            else JsonDocument.Parse(text).Dispose();
        }
        var pages = Directory.EnumerateFiles(_folder["runs"], "*.html", SearchOption.AllDirectories).ToList();
        Assert.All(pages, page => Assert.DoesNotContain('\u001b', File.ReadAllText(page)));
        Assert.True(pages.Count > 10);
    }

    [Fact]
    public async Task Output_without_end_costs_no_memory_and_keeps_its_head_and_its_tail()
    {
        const int Size = 40_000_000;
        Add("lines", $"echo first; yes 'not ok 1 no' | head -c {Size}; echo; echo last", "timeout: 10m\n").Add("no-lines", $"head -c {Size} /dev/zero; head -c {Size} /dev/zero >&2", "timeout: 10m\n");
        await Bench.LabAsync(Kernel);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        long most = 0;
        using (new Timer(_ => most = Math.Max(most, GC.GetTotalMemory(forceFullCollection: true)), null, 0, 500))
        {
            var summary = await PlayAsync();
            Ended(summary, "no-lines", Outcome.Pass, "");
            var kept = await File.ReadAllTextAsync(Path.Combine(Of(summary, "lines").Directory, "run.out"), TestContext.Current.CancellationToken);
            Assert.InRange(kept.Length, 8 << 20, (8 << 20) + 100);
            Assert.StartsWith("first\nnot ok 1 no\n", kept, StringComparison.Ordinal);
            Assert.EndsWith("\nlast\n", kept, StringComparison.Ordinal);
            Assert.Contains($"[... {Size + 12 - (8 << 20)} bytes left out ...]", kept, StringComparison.Ordinal);
        }
        Assert.InRange(most - before, long.MinValue, Size);
    }

    [Fact]
    public async Task A_disk_that_is_full_breaks_the_run_ends_the_rest_and_what_was_written_can_be_read()
    {
        Add("flood", "echo first; yes | head -c 3000000").Add("next", "exit 0");
        using var scratch = new ScratchDirectory();
        if (!Ran("mount", "-t", "tmpfs", "-o", "size=1m", "none", scratch.Path)) Assert.Skip("only root may mount a small disk");
        try
        {
            var summary = await PlayAsync(request => request with { Output = scratch["runs"] });
            Ended(summary, "flood", Outcome.Broken, "free some space, or put the run directory on another file system");
            Assert.Equal((1, 3, 1), (summary.Results.Count, summary.ExitCode, summary.NotRun));
            Assert.Contains("free some space", summary.Full, StringComparison.Ordinal);
            var record = Record(summary, "flood");
            Assert.Equal((Outcome.Broken, Outcome.Pass), (record.Verdict!.Outcome, record.Steps.Single(step => step.Name == "boot").Outcome));
            Assert.DoesNotContain(record.Verdict.Evidence, line => line.Contains("RIP=", StringComparison.Ordinal));
            Assert.StartsWith("first\ny\n", await File.ReadAllTextAsync(Path.Combine(record.Path, "run.out"), TestContext.Current.CancellationToken), StringComparison.Ordinal);
        }
        finally
        {
            Assert.True(Ran("umount", scratch.Path));
        }
    }

    [Fact]
    public async Task Guests_that_tests_have_wrecked_leave_no_trace_in_the_next()
    {
        const string Traces = """
            cat /proc/sys/kernel/tainted /proc/sys/vm/overcommit_memory; dmesg | head -5
            cut -d' ' -f1 /proc/modules | sort
            find / -xdev -type f | sort | md5sum; find /tmp /run /root -type f -o -type s | sort | grep -v understudy/
            grep -v ' /run/understudy' /proc/mounts; ls /sys/class/net /sys/bus/pci/devices; ps | grep -c '[s]leep'
            dmesg | grep -c wrecked; date +%Y
            awk '/MemAvailable/ { print $2 }' /proc/meminfo
            """;
        const string Nic = "devices: rtl8111 as nic\nmodules: r8169\ntimeout: 60s\n";
        Add("0-before", Traces, Nic)
            .Add("1-panic", "echo '<4>wrecked' > /dev/kmsg; echo c > /proc/sysrq-trigger; sleep 1000", Nic)
            .Add("2-memory", "echo 1 > /proc/sys/vm/overcommit_memory; head -c 170m /dev/zero > /tmp/fill; head -c 170m /dev/zero > /root/fill; echo filled", Nic)
            .Add("3-modules", "ip link set eth0 up; ping -i 0.001 192.0.2.1 & rmmod r8169 & echo unloading", Nic)
            .Add("4-userland", "echo 4097 > /proc/sys/kernel/tainted; date -s 1980-01-01; mount -t tmpfs none /etc; rm -rf /bin/ls /lib; (setsid sleep 1000 &); echo x > /run/left; exit 0", Nic)
            .Add("5-after", Traces, Nic);
        var summary = await PlayAsync();
        Ended(summary, "1-panic", Outcome.Fail, "Kernel panic");
        Ended(summary, "4-userland", Outcome.Pass, "");
        string[] Said(string test) => File.ReadAllLines(Path.Combine(Of(summary, test).Directory, "run.out"));
        Assert.Equal((Outcome.Pass, Outcome.Pass), (Of(summary, "0-before").Outcome, Of(summary, "5-after").Outcome));
        var (before, after) = (Said("0-before"), Said("5-after"));
        Assert.Equal(before[..^1], after[..^1]);
        Assert.Equal("0", before[0]);
        // How much the kernel has set aside by now varies.
        Assert.InRange(Math.Abs(int.Parse(before[^1], CultureInfo.InvariantCulture) - int.Parse(after[^1], CultureInfo.InvariantCulture)), 0, 16 << 10);
    }

    static bool Ran(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        process.WaitForExit();
        return process.ExitCode == 0;
    }
}
