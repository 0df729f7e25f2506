namespace Understudy.Verdict.Tests;

/// <summary>Writes small runs of tests on kernels.</summary>
static class SampleMatrix
{
    /// <summary>One run of one test; without an outcome it is cut short.</summary>
    public static void Run(string path, string test, string cell, Outcome? outcome, int repeat = 0, params SubResult[] results)
    {
        var time = new SteppedTime();
        using var run = RunDirectory.Create(path, Info(test, cell, repeat), time);
        time.Seconds = 0.25;
        run.BeginStep("restore the guest").End(Outcome.Pass);
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
