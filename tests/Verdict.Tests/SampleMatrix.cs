namespace Understudy.Verdict.Tests;

/// <summary>Writes small runs of tests on kernels.</summary>
static class SampleMatrix
{
    static readonly string[] _tests = ["probe", "link", "traffic", "unload-under-traffic", "mtu", "wol", "ethtool-self-test", "surprise-removal", "flr", "lost-interrupts", "suspend", "load-unload-100"];
    static readonly string[] _kernels = ["debian:6.1", "debian:6.12", "debian:6.18", "debian:7.2"];

    public static int Tests => _tests.Length;

    public static int Kernels => _kernels.Length;

    /// <summary>A matrix with every outcome in it.</summary>
    public static void Write(string folder)
    {
        foreach (var test in _tests)
            foreach (var kernel in _kernels) Cell(folder, test, kernel);
    }

    static void Cell(string folder, string test, string kernel)
    {
        var path = Path.Combine(folder, $"{test}-{kernel.Replace(':', '-')}");
        if ((test, kernel) is ("flr", "debian:6.1")) return;
        if (test == "lost-interrupts" && kernel == "debian:7.2")
        {
            for (var i = 1; i <= 4; i++) Run(path + "/" + i, "nic/" + test, kernel, i == 3 ? Outcome.Fail : Outcome.Pass, i);
            return;
        }
        Run(path, "nic/" + test, kernel, (test, kernel) switch
        {
            ("unload-under-traffic", "debian:6.1" or "debian:6.12") => Outcome.Fail,
            ("wol", "debian:6.1") => Outcome.XFail,
            ("wol", "debian:6.18") => Outcome.XPass,
            ("suspend", _) => Outcome.Skip,
            ("surprise-removal", "debian:7.2") => Outcome.Broken,
            ("ethtool-self-test", "debian:6.12") => Outcome.Error,
            ("load-unload-100", "debian:7.2") => null,
            _ => Outcome.Pass,
        });
    }

    /// <summary>One run of one test; without an outcome it is cut short.</summary>
    public static void Run(string path, string test, string cell, Outcome? outcome, int repeat = 0, params SubResult[] results)
    {
        var time = new SteppedTime();
        using var run = RunDirectory.Create(path, Info(test, cell, repeat), time);
        time.Seconds = 0.25;
        if (outcome != Outcome.Skip) run.BeginStep("restore the guest").End(Outcome.Pass);
        var step = run.BeginStep("run");
        time.Seconds = 1.75;
        if (outcome is not { } ended) return;
        step.End(ended, Reason(ended), ended.IsGood() ? [] : ["ping: 3 of 100 answers are missing"], results);
        run.Conclude(VerdictEngine.Decide(run.Steps, [], []));
    }

    static RunInfo Info(string test, string cell, int repeat) => new()
    {
        Id = $"{test}-{cell}-{repeat}", Title = $"{test} on {cell}", Command = $"understudy run {test} --kernel {cell}", Seed = 42,
        Test = test, Cell = cell, Repeat = repeat, Board = "qemu-q35", Kernel = new KernelFacts(cell, cell.Split(':')[^1] + ".1-amd64", "1", new string('a', 64)),
        Host = new HostFacts("Debian GNU/Linux 12", "6.1.0-50-amd64", "AMD EPYC 7R13", 2, 8L << 30, ".NET 10.0.12"),
        Qemu = new QemuFacts("11.1.3", "trixie-backports"), Accelerator = new AcceleratorFacts("tcg", "no /dev/kvm"),
    };

    static string? Reason(Outcome outcome) => outcome switch
    {
        Outcome.Fail => "3 of 100 pings are lost",
        Outcome.Skip => "needs two CPUs",
        Outcome.Broken => "QEMU died of signal 11",
        Outcome.Error => "run is not executable",
        Outcome.XFail => "known: no WoL before 6.12",
        _ => null,
    };
}
