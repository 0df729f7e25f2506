using System.Text;
using Understudy.Pci.Tests;
using Understudy.Verdict.Rules;

namespace Understudy.Verdict.Tests;

[Collection(nameof(Allocation))]
public sealed class KernelLogScannerTests
{
    public static TheoryData<string> Logs => [.. GoldenLog.Names];

    static List<Finding> Scan(ReadOnlySpan<byte> log, Random? chunks = null)
    {
        var findings = new List<Finding>();
        var scanner = new KernelLogScanner(FindingSource.Console, findings.Add);
        while (!log.IsEmpty)
        {
            var length = chunks is null ? log.Length : Math.Min(log.Length, chunks.Next(1, chunks.Next(2, 600)));
            scanner.Read(log[..length], 1);
            log = log[length..];
        }
        scanner.End();
        return findings;
    }

    static List<Finding> Scan(string log) => Scan(Encoding.Latin1.GetBytes(log));

    static string Whole(Finding finding) => $"{GoldenLog.Describe(finding)} {finding.Time} {finding.Fingerprint}\n{string.Join('\n', finding.Lines)}";

    [Theory, MemberData(nameof(Logs))]
    public void A_log_gives_its_findings_and_no_other(string name)
    {
        var log = GoldenLog.Load(name);
        Assert.Equal(log.Expected, Scan(log.Log).Select(GoldenLog.Describe));
    }

    [Theory, MemberData(nameof(Logs))]
    public void A_log_cut_anywhere_gives_the_same(string name)
    {
        var log = GoldenLog.Load(name).Log;
        var whole = Scan(log).Select(Whole);
        for (var seed = 0; seed < 20; seed++) Assert.Equal(whole, Scan(log, new Random(seed)).Select(Whole));
    }

    [Fact]
    public void Random_bytes_and_broken_logs_do_no_harm_and_give_the_same_however_they_are_cut()
    {
        var logs = GoldenLog.Names.Select(n => GoldenLog.Load(n).Log).ToArray();
        for (var seed = 0; seed < 300; seed++)
        {
            var random = new Random(seed);
            var mix = Mix(logs, random);
            Assert.Equal(Scan(mix).Select(Whole), Scan(mix, random).Select(Whole));
        }
    }

    static byte[] Mix(byte[][] logs, Random random)
    {
        var mix = new List<byte>();
        for (var i = 0; i < 8; i++)
        {
            var log = logs[random.Next(logs.Length)].AsSpan();
            var from = random.Next(log.Length);
            var piece = log.Slice(from, random.Next(Math.Min(log.Length - from, 4000))).ToArray();
            for (var spoilt = random.Next(4); spoilt > 0 && piece.Length > 0; spoilt--) piece[random.Next(piece.Length)] = (byte)random.Next(256);
            mix.AddRange(piece);
            if (random.Next(3) > 0) continue;
            var noise = new byte[random.Next(20_000)];
            random.NextBytes(noise);
            mix.AddRange(noise);
        }
        return [.. mix];
    }

    [Fact]
    public void Plain_lines_allocate_nothing()
    {
        var lines = Enumerable.Range(0, 500).Select(i => $"[{i,5}.123456] r8169 0000:01:00.0 eth0: Link is Up - 1Gbps/Full\r\n");
        var plain = Encoding.ASCII.GetBytes(string.Concat(lines));
        var scanner = new KernelLogScanner(FindingSource.Console, _ => Assert.Fail("no finding in there"));
        Feed();
        Assert.Equal(0, Allocation.Of(Feed));

        void Feed()
        {
            for (var at = 0; at < plain.Length; at += 97) scanner.Read(plain.AsSpan(at, Math.Min(97, plain.Length - at)), 1);
        }
    }

    [Fact]
    public void A_finding_has_the_time_at_which_its_first_line_began()
    {
        Finding? found = null;
        var scanner = new KernelLogScanner(FindingSource.Console, f => found = f);
        scanner.Read("[    1.000000] Out of mem"u8, 1.5);
        scanner.Read("ory: Killed process 1 (sh)"u8, 2.5);
        Assert.Null(found);
        scanner.Read("\n"u8, 3.5);
        Assert.Equal((1.5, "oom"), (found!.Time, found.Rule));
    }

    [Fact]
    public void Records_of_the_kernel_log_need_no_prefix()
    {
        var findings = new List<Finding>();
        var scanner = new KernelLogScanner(FindingSource.Kernel, findings.Add);
        string[] lines =
        [
            "------------[ cut here ]------------", "WARNING: CPU: 0 PID: 1 at a.c:1 rtl_open+0x1/0x2", "Call Trace:", " __dev_open+0x1/0x2",
            "---[ end trace 0 ]---",
        ];
        foreach (var line in lines) scanner.ReadRecord(line, 7);
        Assert.Equal("WARNING in rtl_open", Assert.Single(findings).Title);
    }

    [Fact]
    public void A_report_nobody_adds_to_settles()
    {
        var findings = new List<Finding>();
        var scanner = new KernelLogScanner(FindingSource.Kernel, findings.Add);
        scanner.ReadRecord("BUG: kernel NULL pointer dereference, address: 0", 1);
        scanner.Settle(1.2);
        Assert.Empty(findings);
        scanner.Settle(1.6);
        Assert.True(Assert.Single(findings).Cut);
    }

    [Fact]
    public void One_fault_has_one_fingerprint_and_another_another()
    {
        const string panic = "[ 1.000000] Kernel panic - not syncing: Attempted to kill init! exitcode=0x0000000{0}\n";
        var first = Scan(string.Format(null, CompositeFormat.Parse(panic), 9)).Single();
        var again = Scan(string.Format(null, CompositeFormat.Parse(panic), "b")).Single();
        var other = Scan("[ 1.000000] Kernel panic - not syncing: No working init found.\n").Single();
        Assert.Equal(first.Fingerprint, again.Fingerprint);
        Assert.NotEqual(first.Fingerprint, other.Fingerprint);
        Assert.Matches("^[0-9a-f]{16}$", first.Fingerprint);
    }

    [Fact]
    public void A_flood_of_reports_is_bounded_and_counted()
    {
        var findings = new List<Finding>();
        var scanner = new KernelLogScanner(FindingSource.Console, findings.Add);
        for (var i = 0; i < 40; i++) scanner.Read("[    1.000000] Out of memory: Killed process 1 (sh)\n"u8, 1);
        for (var i = 0; i < 2000; i++) scanner.Read(Encoding.ASCII.GetBytes($"[    1.000000] Out of memory: Killed process 1 (sh{i})\n"), 1);
        Assert.Equal(200, findings.Count);
        Assert.Equal(1840, scanner.LeftOut);
    }

    [Fact]
    public void A_report_without_end_is_bounded()
    {
        var frames = string.Concat(Enumerable.Repeat("[    1.000000]  f+0x1/0x2\n", 5000));
        var log = "[    1.000000] BUG: kernel NULL pointer dereference, address: 0\n" + frames;
        var finding = Assert.Single(Scan(log));
        Assert.True(finding.Cut);
        Assert.Equal(400, finding.Lines.Count);
    }

    [Fact]
    public void The_console_repeating_the_kernel_log_is_no_news()
    {
        var set = new FindingSet();
        Assert.True(set.Add(From(FindingSource.Kernel)));
        Assert.False(set.Add(From(FindingSource.Console)));
        Assert.True(set.Add(From(FindingSource.Console)));
        Assert.False(set.Add(From(FindingSource.Kernel)));
        Assert.False(set.Add(From(FindingSource.Kernel) with { Cut = true, Fingerprint = "no frame, other title" }));
        Assert.True(set.Add(From(FindingSource.Kernel) with { Cut = true, Fingerprint = "later", Time = 60 }));
        Assert.Equal(3, set.Findings.Count);
        static Finding From(FindingSource source) => new(1, source, "warning", "WARNING in f", Severity.Error, []);
    }

    [Fact]
    public void Every_rule_is_shown_by_a_golden_log()
    {
        var shown = GoldenLog.Names.SelectMany(n => Scan(GoldenLog.Load(n).Log)).Select(f => f.Rule).ToHashSet();
        Assert.Empty(KernelRules.All.Select(r => r.Id).Distinct().Except(shown));
    }

    [Theory]
    [InlineData("PANIC: double fault, error_code: 0x0", "double fault")]
    [InlineData("stack segment: 0000 [#1] SMP", "stack segment fault")]
    [InlineData("int3: 0000 [#1] SMP", "int3")]
    [InlineData("traps: Missing ENDBR: f+0x0/0x10", "control protection fault in f")]
    [InlineData("usercopy: Kernel memory exposure attempt detected from SLUB object 'kmalloc-64'", "usercopy: memory exposure")]
    [InlineData("detected buffer overflow in memcpy", "buffer overflow")]
    [InlineData("memcpy: detected buffer overflow: 100 byte write of buffer size 64", "buffer overflow")]
    [InlineData("DMAR: [INTR-REMAP] Request device [01:00.0] fault index 0x0 [fault reason 0x25]", "IOMMU: interrupt remapping fault")]
    [InlineData("INFO: rcu_tasks detected stalls on tasks:", "INFO: rcu detected stall")]
    [InlineData("ODEBUG: free active (active state 0) object: 00000000a1 object type: timer_list hint: rtl_timer+0x0/0x10", "ODEBUG: free active timer_list")]
    [InlineData("Oops: 0002 [#1] SMP", "Oops")]
    [InlineData("BUG: Dentry still in use (1) [unmount of tmpfs]", "BUG: Dentry still in use")]
    [InlineData("BUG: KMSAN: uninit-value in rtl_rx+0x1/0x2", "KMSAN: uninit-value in rtl_rx")]
    [InlineData("BUG: KCSAN: data-race in rtl_tx / rtl8169_start_xmit", "KCSAN: data-race in rtl_tx / rtl8169_start_xmit")]
    [InlineData("BUG: workqueue lockup - pool cpus=0 node=0 flags=0x0 nice=0 stuck for 34s!", "BUG: workqueue lockup")]
    [InlineData("WARNING: possible recursive locking detected", "lockdep: possible recursive locking")]
    [InlineData("WARNING: possible irq lock inversion dependency detected", "lockdep: possible irq lock inversion")]
    [InlineData("WARNING: HARDIRQ-safe -> HARDIRQ-unsafe lock order detected", "lockdep: HARDIRQ-safe to unsafe lock order")]
    [InlineData("WARNING: bad unlock balance detected!", "lockdep: bad unlock balance")]
    [InlineData("WARNING: held lock freed!", "lockdep: held lock freed")]
    [InlineData("WARNING: ip/83 still has locks held!", "lockdep: locks still held")]
    [InlineData("WARNING: lock held when returning to user space!", "lockdep: lock held when returning to user space")]
    [InlineData("[ BUG: Invalid wait context ]", "lockdep: invalid wait context")]
    [InlineData("WARNING: suspicious RCU usage", "lockdep: suspicious RCU usage")]
    [InlineData("INFO: trying to register non-static key.", "INFO: trying to register non-static key")]
    [InlineData("BUG: MAX_LOCKDEP_KEYS too low!", "lockdep: MAX_LOCKDEP_KEYS too low, validation is off")]
    [InlineData("BUG: using smp_processor_id() in preemptible [00000000] code: ip/83", "BUG: using smp_processor_id in preemptible code")]
    [InlineData("BUG: spinlock bad magic on CPU#0, ip/83", "BUG: spinlock bad magic")]
    [InlineData("r8169: exports duplicate symbol foo (owned by bar)", "module r8169: exports duplicate symbol foo")]
    [InlineData("Loading of unsigned module is rejected", "module refused: not signed")]
    [InlineData("r8169 0000:01:00.0: PCIe Bus Error: severity=Uncorrected (Fatal), type=Transaction Layer, (Requester ID)", "PCIe Bus Error: r8169: uncorrectable (Fatal), Transaction Layer")]
    [InlineData("Memory cgroup out of memory: Killed process 9 (a b)", "Out of memory: killed a b")]
    [InlineData("NMI watchdog: Watchdog detected hard LOCKUP on cpu 1", "hard lockup")]
    [InlineData("rcu: INFO: rcu_sched detected expedited stalls on CPUs/tasks: { 0-... }", "INFO: rcu detected stall")]
    [InlineData("rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:", "INFO: rcu detected stall")]
    public void A_first_line_is_recognised(string line, string title) =>
        Assert.Equal(title, Assert.Single(Scan($"[    1.000000] {line}\n")).Title);
}
