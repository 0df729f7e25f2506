using System.Text;
using Understudy.Pci.Tests;

namespace Understudy.Verdict.Tests;

[Collection(nameof(Allocation))]
public sealed class RunDirectoryTests : IDisposable
{
    readonly TemporaryDirectory _temporary = new();
    readonly SteppedTime _time = new();

    static readonly RunInfo Info = new()
    {
        Id = "r1", Title = "link change", Command = "understudy demo --seed 7", Seed = ulong.MaxValue, Board = "qemu-q35",
        Host = new HostFacts("Debian 12", "6.1.0", "a cpu", 2, 1L << 34, ".NET 10.0.4"),
        Kernel = new KernelFacts("debian:6.12", "6.12.107+deb13-amd64", "6.12.107-1", "ab12"),
        Qemu = new QemuFacts("11.1.3", "trixie-backports"),
        Accelerator = new AcceleratorFacts("tcg", "no /dev/kvm"),
        Devices = [new DeviceFacts("nic", "rtl8111", "0000:01:00.0")],
    };

    string Run => _temporary["run"];

    RunDirectory Create() => RunDirectory.Create(Run, Info, _time);

    public void Dispose() => _temporary.Dispose();

    [Fact]
    public void What_becomes_known_of_a_finding_at_the_end_takes_its_place()
    {
        using var temporary = new TemporaryDirectory();
        using (var run = RunDirectory.Create(temporary["r"], new RunInfo { Id = "r", Title = "r", Command = "r" }))
        {
            var finding = new Finding(1, FindingSource.Kernel, "warning", "WARNING in f", Severity.Error, [" f+0x1/0x2"]);
            foreach (var one in (Finding[])[finding, finding with { Time = 2 }, finding, finding with { Stack = ["f+0x1/0x2 f.c:1"] }]) run.Append(one);
        }
        Assert.Equal([(1, 1), (2, 0), (1, 0)], RunRecord.Load(temporary["r"]).Findings.Select(finding => ((int)finding.Time, finding.Stack?.Count ?? 0)));
    }

    [Fact]
    public void What_is_written_is_read_back()
    {
        using (var run = Create())
        {
            _time.Seconds = 0.5;
            var boot = run.BeginStep("boot", "debian:6.12");
            _time.Seconds = 1.25;
            boot.End(Outcome.Pass, "in 0.75 s", ["a", "b"]);
            run.Append(new KernelRecord(41, 1_500_000, 4, 1.5, "eth0: Link is Up"));
            run.Append(new TraceRecord(1.5, 12_345, "nic", TraceKind.DmaWrite, "RX[0] OWN=0", ulong.MaxValue, Finding: true));
            run.Append(new TraceRecord(null, 12_346, "nic", TraceKind.Note, "no host time"));
            run.Conclude(new RunVerdict(Outcome.Fail, "because", ["proof"]));
        }
        var read = RunRecord.Load(Run);
        Assert.Equivalent(Info with { StartedUtc = new DateTimeOffset(2026, 3, 14, 15, 9, 26, TimeSpan.Zero) }, read.Info, strict: true);
        Assert.Equivalent(new StepRecord(0, "boot", "in 0.75 s", 0.5, 1.25, Outcome.Pass, ["a", "b"]), Assert.Single(read.Steps), strict: true);
        Assert.Equal(new KernelRecord(41, 1_500_000, 4, 1.5, "eth0: Link is Up"), Assert.Single(read.Kernel()));
        Assert.Equal(
            [
                new TraceRecord(1.5, 12_345, "nic", TraceKind.DmaWrite, "RX[0] OWN=0", ulong.MaxValue, Finding: true),
                new TraceRecord(null, 12_346, "nic", TraceKind.Note, "no host time"),
            ], read.Trace());
        Assert.Equal((Outcome.Fail, "because", "proof", 1.25), (read.Verdict!.Outcome, read.Verdict.Reason, read.Verdict.Evidence[0], read.EndedSeconds));
        Assert.Empty(read.Problems);
        Assert.Empty(read.Attachments);
    }

    [Fact]
    public void Transactions_come_in_any_number_and_keep_their_order()
    {
        TraceRecord[] many = [.. Enumerable.Range(0, 3000).Select(i => new TraceRecord(i, i, "nic", TraceKind.Write, $"Reg[{i}]"))];
        using (var run = Create())
        {
            run.Append(many.AsSpan(0, 1));
            run.Append(ReadOnlySpan<TraceRecord>.Empty);
            run.Append(many.AsSpan(1, 1999));
            run.Append(many[2000], many[2001]);
            run.Append(many.AsSpan(2002));
        }
        Assert.Equal(many, RunRecord.Load(Run).Trace());
    }

    [Fact]
    public void Console_bytes_are_kept_and_each_line_has_the_time_of_its_first_byte()
    {
        using (var run = Create())
        {
            run.AppendConsole("one\ntw"u8, 0.1);
            run.AppendConsole("o\r\n"u8, 0.2);
            run.AppendConsole([0xff, 0x00, (byte)'\n', (byte)'x'], 1234.5678901);
        }
        Assert.Equal([.. "one\ntwo\r\n"u8, 0xff, 0x00, (byte)'\n', (byte)'x'], File.ReadAllBytes(Path.Combine(Run, "console.log")));
        Assert.Equal("0 0.100000\n4 0.100000\n9 1234.567890\n12 1234.567890\n", File.ReadAllText(Path.Combine(Run, "console.times")));
        Assert.Equal(
            [new ConsoleLine(0, 0.1, "one"), new ConsoleLine(4, 0.1, "two"), new ConsoleLine(9, 1234.56789, "\ufffd\0"), new ConsoleLine(12, 1234.56789, "x")],
            RunRecord.Load(Run).Console());
    }

    [Fact]
    public void A_chunk_of_many_lines_times_them_all()
    {
        using (var run = Create()) run.AppendConsole(Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("ab\n", 5000))), 3);
        var lines = RunRecord.Load(Run).Console().ToList();
        Assert.Equal(5000, lines.Count);
        Assert.All(lines, l => Assert.Equal(3, l.Seconds));
    }

    [Fact]
    public void Writing_console_bytes_allocates_nothing()
    {
        using var run = Create();
        var chunk = "[    1.234567] a line of the console\r\n[    1.234568] another"u8.ToArray();
        for (var i = 0; i < 100; i++) run.AppendConsole(chunk, i);
        Assert.Equal(0, Allocation.Of(() =>
        {
            for (var i = 0; i < 1000; i++) run.AppendConsole(chunk, i + 0.123456);
        }));
    }

    [Fact]
    public void A_run_that_was_killed_reads_up_to_the_torn_line()
    {
        using (var run = Create())
        {
            run.BeginStep("boot").End(Outcome.Pass);
            run.BeginStep("probe");
            run.Append(new TraceRecord(1, 1, "nic", TraceKind.Read, "whole"));
            run.Append(new TraceRecord(2, 2, "nic", TraceKind.Read, "torn"));
            run.AppendConsole("a\nb"u8, 1);
        }
        Truncate("trace.jsonl", 5);
        Truncate("console.times", 4);
        var read = RunRecord.Load(Run);
        Assert.Equal(["whole"], read.Trace().Select(t => t.Text));
        Assert.Equal([1.0, null], read.Console().Select(l => l.Seconds));
        Assert.Equal([Outcome.Pass, null], read.Steps.Select(s => s.Outcome));
        Assert.Null(read.Verdict);
        Assert.Equal(
            ["no verdict: the run was cut short, or is still under way", "trace.jsonl line 2 is left out: torn by the end of the run"],
            read.Problems);
    }

    [Theory]
    [InlineData("steps.jsonl")]
    [InlineData("findings.jsonl")]
    [InlineData("trace.jsonl")]
    [InlineData("verdict.json")]
    public void A_file_cut_at_any_byte_is_still_read(string file)
    {
        using (var run = Create())
        {
            run.BeginStep("bóot").End(Outcome.Pass);
            run.Append(new Finding(1, FindingSource.Kernel, "warning", "WARNING in f", Severity.Error, ["ünï"]));
            run.Append(new TraceRecord(2, 2, "nic", TraceKind.Read, "→"));
            run.Conclude(new RunVerdict(Outcome.Pass, "✓", []));
        }
        while (new FileInfo(Path.Combine(Run, file)).Length > 0)
        {
            Truncate(file, 1);
            var read = RunRecord.Load(Run);
            Assert.InRange(read.Trace().Count() + read.Steps.Count + read.Findings.Count, 2, 3);
        }
    }

    void Truncate(string file, int bytes)
    {
        using var stream = File.OpenWrite(Path.Combine(Run, file));
        stream.SetLength(stream.Length - bytes);
    }

    [Fact]
    public void Garbage_in_the_middle_costs_only_its_own_line()
    {
        using (var run = Create())
            for (var i = 0; i < 3; i++) run.Append(new TraceRecord(1, i, "nic", TraceKind.Read, "x"));
        var lines = File.ReadAllLines(Path.Combine(Run, "trace.jsonl"));
        lines[1] = "{\"kind\":77}";
        File.WriteAllLines(Path.Combine(Run, "trace.jsonl"), lines);
        var read = RunRecord.Load(Run);
        Assert.Equal([0L, 2L], read.Trace().Select(t => t.DeviceNanoseconds));
        Assert.Contains(read.Problems, p => p.StartsWith("trace.jsonl line 2 is left out: ", StringComparison.Ordinal));
    }

    [Fact]
    public void Hostile_text_is_one_line_of_json_whatever_it_holds()
    {
        var text = "\0\u001b[31m\r\n\"\\</script>\ud800" + new string('a', 100_000);
        using (var run = Create()) run.Append(new KernelRecord(1, 1, 1, 1, text));
        Assert.Single(File.ReadAllLines(Path.Combine(Run, "kernel.jsonl")));
        Assert.Equal(text.Replace('\ud800', '\ufffd'), RunRecord.Load(Run).Kernel().Single().Text);
    }

    [Fact]
    public void Many_threads_leave_whole_lines()
    {
        using (var run = Create())
            Parallel.For(0, 4000, i => run.Append(new TraceRecord(i, i, "nic", TraceKind.Write, new string('w', i % 97))));
        var read = RunRecord.Load(Run);
        Assert.Equal(4000 * 3999 / 2, read.Trace().Sum(t => t.DeviceNanoseconds));
        Assert.Single(read.Problems);
    }

    [Fact]
    public void A_full_disk_is_one_clear_error_and_stays_one()
    {
        using var file = new AppendFile("/dev/full");
        var error = Assert.Throws<RunDirectoryFullException>(() => file.Append("x"u8));
        Assert.Equal("no space left for /dev/full: free some space, or put the run directory on another file system", error.Message);
        Assert.Throws<RunDirectoryFullException>(() => file.Append("x"u8));
        Assert.True(RunDirectoryFullException.Describes((IOException)error.InnerException!));
        Assert.False(RunDirectoryFullException.Describes(new FileNotFoundException()));
    }

    [Fact]
    public void On_a_full_disk_all_that_was_written_and_the_verdict_are_kept()
    {
        using var disk = SmallDisk.Mount(_temporary["disk"], kibibytes: 512);
        using (var run = RunDirectory.Create(Path.Combine(disk.Path, "run"), Info, _time))
        {
            var line = new TraceRecord(1, 1, "nic", TraceKind.Note, new string('x', 1000));
            var written = 0;
            Action fill = () => { while (true) { run.Append(line); written++; } };
            Assert.Throws<RunDirectoryFullException>(fill);
            Assert.Throws<RunDirectoryFullException>(() => run.AppendConsole(new byte[300_000], 1));
            run.Conclude(new RunVerdict(Outcome.Broken, "disk full", []));
            var read = RunRecord.Load(run.Path);
            Assert.Equal(written, read.Trace().Count());
            Assert.Equal("broken: disk full", read.Verdict!.ToString());
        }
    }

    [Fact]
    public void On_a_full_disk_what_there_was_room_for_of_many_transactions_is_kept()
    {
        using var disk = SmallDisk.Mount(_temporary["disk"], kibibytes: 512);
        using var run = RunDirectory.Create(Path.Combine(disk.Path, "run"), Info, _time);
        TraceRecord[] many = [.. Enumerable.Range(0, 1024).Select(i => new TraceRecord(i, i, "nic", TraceKind.Note, new string('x', 100)))];
        var batches = 0;
        Action fill = () => { for (; batches < 100; batches++) run.Append(many); };
        Assert.Throws<RunDirectoryFullException>(fill);
        run.Conclude(new RunVerdict(Outcome.Broken, "disk full", []));
        var kept = RunRecord.Load(run.Path).Trace().ToArray();
        Assert.InRange(kept.Length, batches * many.Length, (batches + 1) * many.Length - 1);
        Assert.Equal(kept, kept.Select((_, i) => many[i % many.Length]));
    }

    [Fact]
    public void The_verdict_frees_the_reserve_it_was_kept_for()
    {
        using var run = Create();
        Assert.Equal(64 * 1024, new FileInfo(Path.Combine(Run, ".reserve")).Length);
        run.Conclude(new RunVerdict(Outcome.Broken, "disk full", []));
        Assert.Empty(Directory.EnumerateFiles(Run, ".*"));
    }

    [Fact]
    public void Facts_found_on_the_way_replace_the_first_ones_but_not_the_start()
    {
        using var run = Create();
        _time.Seconds = 9;
        run.Describe(run.Info with { Accelerator = new AcceleratorFacts("kvm", "it boots"), StartedUtc = default });
        var read = RunRecord.Load(Run);
        Assert.Equal("kvm", read.Info.Accelerator!.Name);
        Assert.Equal(26, read.Info.StartedUtc.Second);
    }

    [Fact]
    public void A_finding_is_charged_to_the_step_it_fell_in()
    {
        using var run = Create();
        _time.Seconds = 1;
        var step = run.BeginStep("unload");
        _time.Seconds = 2;
        step.End(Outcome.Pass);
        _time.Seconds = 3;
        Assert.Equal("unload", run.Append(At(1.5)).Step);
        Assert.Null(run.Append(At(0.5)).Step);
        Assert.Null(run.Append(At(2.5)).Step);
        Assert.Equal("mine", run.Append(At(1.5) with { Step = "mine" }).Step);
        Finding At(double seconds) => new(seconds, FindingSource.Kernel, "r", "t", Severity.Error, []);
    }

    [Fact]
    public void A_step_ends_once()
    {
        using var run = Create();
        var step = run.BeginStep("boot");
        step.End(Outcome.Fail);
        Assert.Equal("step 'boot' has already ended: Fail", Assert.Throws<InvalidOperationException>(() => step.End(Outcome.Pass)).Message);
    }

    [Fact]
    public void Results_are_valid_ktap()
    {
        using var run = Create();
        run.BeginStep("boot").End(Outcome.Pass, null, ["not shown"]);
        run.BeginStep("link #1\nok 9 forged").End(Outcome.Fail, null, ["saw\nok 7 nothing"]);
        run.BeginStep("suspend").End(Outcome.Skip, null, ["board cannot sleep"]);
        run.BeginStep("ping");
        run.Conclude(new RunVerdict(Outcome.Fail, "", []));
        Assert.Equal(
            "KTAP version 1\n1..4\nok 1 boot\n# saw ok 7 nothing\nnot ok 2 link .1 ok 9 forged\n"
            + "# board cannot sleep\nok 3 suspend # SKIP board cannot sleep\nnot ok 4 ping # ERROR did not end\n",
            File.ReadAllText(Path.Combine(Run, "results.ktap")));
    }

    [Theory]
    [InlineData("../x")]
    [InlineData("a/b")]
    [InlineData(".hidden")]
    [InlineData("")]
    [InlineData("run.json")]
    public void An_attachment_stays_inside_and_beside_the_runs_own_files(string name)
    {
        using var run = Create();
        Assert.Throws<ArgumentException>(() => run.CreateAttachment(name));
    }

    [Fact]
    public void Attachments_are_listed()
    {
        using var run = Create();
        using (var pcap = run.CreateAttachment("wire.pcap")) pcap.Write("x"u8);
        Assert.Equal(["wire.pcap"], RunRecord.Load(Run).Attachments);
    }

    [Fact]
    public void A_directory_is_written_once()
    {
        Create().Dispose();
        Assert.Contains("is not empty", Assert.Throws<IOException>(Create).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, "is not a run directory: it has no run.json")]
    [InlineData("{", "cannot be read")]
    [InlineData("null", "cannot be read")]
    [InlineData("""{"schema":2,"id":"","title":"","command":""}""", "use a newer understudy")]
    public void What_is_no_run_directory_is_refused_by_name(string? content, string complaint)
    {
        Directory.CreateDirectory(Run);
        if (content is not null) File.WriteAllText(Path.Combine(Run, "run.json"), content);
        Assert.Contains(complaint, Assert.Throws<InvalidDataException>(() => RunRecord.Load(Run)).Message, StringComparison.Ordinal);
    }
}
