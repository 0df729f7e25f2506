using System.Globalization;
using System.Text;

namespace Understudy.Verdict.Tests;

/// <summary>Writes a run directory as a link test of an RTL8111 leaves it: some 400 transactions in four seconds.</summary>
sealed class SampleRun : IDisposable
{
    const string Nic = "r8169 0000:01:00.0 eth0: ";

    readonly SteppedTime _time = new();
    readonly RunDirectory _run;
    readonly FindingSet _findings = new();
    readonly KernelLogScanner _scanner;
    long _sequence = 400;

    SampleRun(string path)
    {
        _run = RunDirectory.Create(path, Info, _time);
        _scanner = new KernelLogScanner(FindingSource.Console, f => { if (_findings.Add(f)) _run.Append(f); });
    }

    static RunInfo Info => new()
    {
        Id = "2026-03-14T150926-rtl8111-link", Title = "RTL8111 link change, and every 50th interrupt lost",
        Command = "understudy demo --kernel debian:6.12 --device rtl8111 --seed 42", Seed = 42, Board = "qemu-q35",
        Host = new HostFacts("Debian GNU/Linux 12", "6.1.0-50-amd64", "AMD EPYC 7R13", 2, 8L << 30, ".NET 10.0.12"),
        Kernel = new KernelFacts("debian:6.12", "6.12.107+deb13-amd64", "6.12.107-1", new string('a', 64)),
        Qemu = new QemuFacts("11.1.3", "trixie-backports, private prefix"),
        Accelerator = new AcceleratorFacts("tcg", "/dev/kvm opens, but a kernel did not boot on it within 3 s"),
        Devices = [new DeviceFacts("nic", "rtl8111", "0000:01:00.0")],
    };

    /// <summary>The run of a driver that behaves.</summary>
    public static void Pass(string path)
    {
        using var sample = new SampleRun(path);
        sample.UpToLink();
        sample.Ping();
        sample.Down();
        sample.Step("shut down", "clean, in 0.2 s", 0.2, Outcome.Pass, () => sample.Kernel("reboot: Power down", 6));
        sample.Conclude([]);
    }

    /// <summary>The run of one that dies in its interrupt handler, in a guest that would like to act in the page.</summary>
    public static void Fail(string path)
    {
        using var sample = new SampleRun(path);
        sample.UpToLink();
        sample.Ping();
        sample.Step("pull the cable", "no answer from the guest", 0.8, Outcome.Broken, sample.Crash, "agent: no heartbeat for 0.5 s");
        sample.Conclude([new RunSignal(SignalKind.GuestPanicked, sample._time.Seconds, "the guest's panic device was written")]);
    }

    void UpToLink()
    {
        Step("find the toolchain", "QEMU 11.1.3 and debian:6.12 from the cache", 0.041, Outcome.Pass, () => { });
        Step("choose the accelerator", "tcg", 0.012, Outcome.Pass, () => { });
        Step("boot", "debian:6.12, agent answers", 1.31, Outcome.Pass, Boot);
        Step("load r8169", "bound to 0000:01:00.0 as eth0", 0.36, Outcome.Pass, Probe, "insmod realtek.ko", "insmod r8169.ko");
        Step("bring the link up", "Link is Up - 1Gbps/Full", 0.42, Outcome.Pass, LinkUp);
        Step("suspend", null, 0.001, Outcome.Skip, () => { }, "debian:6.12 cannot suspend on this board");
    }

    void Step(string name, string? detail, double takes, Outcome outcome, Action action, params string[] lines)
    {
        var step = _run.BeginStep(name);
        var end = _time.Seconds + takes;
        action();
        _time.Seconds = Math.Max(end, _time.Seconds);
        step.End(outcome, detail, lines);
    }

    void Conclude(RunSignal[] signals)
    {
        _scanner.End();
        _run.Conclude(VerdictEngine.Decide(_run.Steps, _findings.Findings, signals));
    }

    void Kernel(string text, int level = 6)
    {
        _time.Seconds += 0.0004;
        var guest = _time.Seconds - 0.1;
        _run.Append(new KernelRecord(_sequence++, (long)(guest * 1e6), level, _time.Seconds, text));
        Console(string.Create(CultureInfo.InvariantCulture, $"[{guest,12:F6}] {text}\r\n"));
    }

    void Console(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        _run.AppendConsole(bytes, _time.Seconds);
        _scanner.Read(bytes, _time.Seconds);
    }

    void Device(TraceKind kind, string text, ulong? value = null, double after = 0.00002, bool finding = false)
    {
        _time.Seconds += after;
        _run.Append(new TraceRecord(_time.Seconds, (long)(_time.Seconds * 1e9) - 50_000_000, "nic", kind, text, value, finding));
    }

    void Boot()
    {
        Console("\u001b[2J\u001b[1;1HSeaBIOS (version 1.16.3)\r\n");
        foreach (var line in (string[])[
            "Linux version 6.12.107+deb13-amd64 (debian-kernel@lists.debian.org) #1 SMP PREEMPT_DYNAMIC Debian 6.12.107-1",
            "Command line: console=ttyS0 panic=-1 quiet", "BIOS-provided physical RAM map:", "tsc: Marking TSC unstable due to clocksource watchdog",
            "ACPI: Early table checksum verification disabled", "PCI host bridge to bus 0000:00", "pci 0000:01:00.0: [10ec:8168] type 00 class 0x020000 PCIe Endpoint",
            "pci 0000:01:00.0: BAR 2 [mem 0xfebfc000-0xfebfcfff 64bit]", "clocksource: Switched to clocksource hpet", "NET: Registered PF_INET protocol family",
            "Run /init as init process"])
        {
            _time.Seconds += 0.1;
            Kernel(line);
        }
        for (var offset = 0; offset < 0x40; offset += 4) Device(TraceKind.Config, $"read config 0x{offset:x2}", (ulong)(offset * 0x01010101L));
    }

    void Probe()
    {
        Kernel("r8169 0000:01:00.0: can't disable ASPM; OS doesn't have ASPM control", 4);
        Device(TraceKind.Read, "TxConfig {HwVersion=8168h Ifg=3}", 0x54100700);
        Device(TraceKind.Write, "IntrMask {}", 0);
        Device(TraceKind.Write, "IntrStatus clear {all}", 0xffff);
        Device(TraceKind.Write, "ChipCmd {SoftReset}", 0x10);
        Device(TraceKind.Reset, "soft reset");
        Device(TraceKind.Read, "ChipCmd {}", 0);
        for (var i = 0; i < 6; i++) Device(TraceKind.Read, $"MacAddress[{i}]", (ulong)(0x52 + i));
        for (var register = 0; register < 24; register++)
        {
            Device(TraceKind.Write, $"PhyAccess {{Reg={register} Read}}", (ulong)register << 16);
            Device(TraceKind.Read, $"PhyAccess {{Flag Data=0x{0x1140 + register:x4}}}", 0x80000000 | (ulong)(0x1140 + register), after: 0.0008);
        }
        Kernel(Nic + "RTL8168h/8111h, 52:54:00:12:34:56, XID 541, IRQ 26");
        Kernel(Nic + "jumbo features [frames: 9194 bytes, tx checksumming: ko]");
    }

    void LinkUp()
    {
        for (var i = 0; i < 4; i++) Device(TraceKind.Write, $"RxDescStart[{i}]", (ulong)(0x3a1c000 + (i * 0x1000)));
        for (var i = 0; i < 24; i++) Device(TraceKind.DmaRead, $"RX[{i}] {{Own Size=16383}}", (ulong)(0x80003fff + i));
        Device(TraceKind.Write, "ChipCmd {RxEnable TxEnable}", 0x0c);
        Device(TraceKind.Write, "IntrMask {RxOk TxOk LinkChange RxOverflow}", 0x0035);
        Device(TraceKind.Stimulus, "cable plugged in");
        Device(TraceKind.Timer, "auto-negotiation done", after: 0.2);
        LinkChange(0x13, "PhyStatus {Full Link Speed1000}");
        Kernel(Nic + "Link is Up - 1Gbps/Full - flow control rx/tx");
        Console("# ip link set eth0 up && ip addr add 10.0.2.15/24 dev eth0\r\n");
    }

    void LinkChange(ulong status, string decoded)
    {
        Device(TraceKind.Interrupt, "MSI raised {LinkChange}");
        Device(TraceKind.Read, "IntrStatus {LinkChange}", 0x20, after: 0.0001);
        Device(TraceKind.Write, "IntrStatus clear {LinkChange}", 0x20);
        Device(TraceKind.Read, decoded, status);
    }

    void Ping() => Step("ping", "100 of 100 answered, 2 interrupts lost", 1.1, Outcome.Pass, () =>
    {
        for (var i = 0; i < 34; i++) PingOnce(i);
        Console("100 packets transmitted, 100 packets received, 0% packet loss — média 0.9 ms\r\n");
    }, "100 packets transmitted, 100 packets received, 0% packet loss", "round-trip min/avg/max = 0.412/0.903/31.107 ms");

    void PingOnce(int i)
    {
        Device(TraceKind.Write, "TxPoll {NormalQueue}", 0x40, after: 0.012);
        Device(TraceKind.DmaRead, $"TX[{i}] {{Own First Last Size=98}}", 0xb0000062);
        Device(TraceKind.DmaWrite, $"RX[{i}] 98 bytes, echo reply {i}", (ulong)(0x34000062 + i), after: 0.0004);
        if (i == 17)
        {
            Device(TraceKind.Fault, "interrupt lost (every 50th)", finding: true);
            Console("64 bytes from 10.0.2.2: seq=17 ttl=64 time=31.107 ms\r\n");
            return;
        }
        Device(TraceKind.Interrupt, "MSI raised {RxOk TxOk}");
        Device(TraceKind.Read, "IntrStatus {RxOk TxOk}", 0x05, after: 0.00008);
        Device(TraceKind.Write, "IntrStatus clear {RxOk TxOk}", 0x05);
        if (i % 4 == 0) Console(string.Create(CultureInfo.InvariantCulture, $"64 bytes from 10.0.2.2: seq={i} ttl=64 time=0.{400 + i} ms\r\n"));
    }

    void Down() => Step("pull the cable", "Link is Down after 1.2 ms", 0.3, Outcome.Pass, () =>
    {
        Device(TraceKind.Stimulus, "cable pulled");
        LinkChange(0x11, "PhyStatus {Full}");
        Kernel(Nic + "Link is Down");
    });

    void Crash()
    {
        Device(TraceKind.Stimulus, "cable pulled");
        LinkChange(0xff, "PhyStatus {all ones: device is gone}");
        Console("<script>document.body.dataset.owned = 1; fetch('http://203.0.113.1/')</script><img src=x onerror=\"document.body.dataset.owned=2\">\r\n");
        foreach (var line in Encoding.UTF8.GetString(GoldenLog.Load("null-deref-6.1").Log).Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(1))
            Kernel(line[(line.IndexOf("] ", StringComparison.Ordinal) + 2)..], line.Contains("BUG", StringComparison.Ordinal) ? 1 : 4);
        Kernel("r8169: </script><script>document.body.dataset.owned = 3</script>", 3);
    }

    public void Dispose() => _run.Dispose();
}
