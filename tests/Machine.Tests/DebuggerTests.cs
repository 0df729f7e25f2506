using Understudy.Cli.Tests;

namespace Understudy.Machine.Tests;

/// <summary>gdb on guests of the board uml.</summary>
public sealed class DebuggerTests : IDisposable
{
    readonly ScratchDirectory _home = new();

    [Fact]
    public async Task A_driver_built_here_stops_at_a_line_of_its_probe_and_goes_on()
    {
        if (!(Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(directory => File.Exists(Path.Combine(directory, "gdb")))) Assert.Skip("there is no gdb here");
        await UmlTests.LabAsync();
        using var boot = CliProcess.Start(_home.Path, "boot", "--board", "uml", "--device", "ditto", "--module", Path.Combine(SuiteTests.Repository(), "drivers", "ditto"),
            "--gdb", "break ditto_probe", "--gdb", "continue", "--gdb", "backtrace", "--gdb", "list ditto_probe", "--gdb", "print *id", "-e", "test -e /sys/bus/pci/drivers/ditto && echo loaded");
        Assert.True(await boot.EndAsync() == 0, boot.Out + boot.Error);
        Assert.Matches(@"#0  ditto_probe \(.*\) at \S*ditto_pci\.c:\d+", boot.Out);
        Assert.Matches(@"#\d+ .*really_probe \(.*\) at \S*drivers/base/dd\.c:\d+", boot.Out);
        Assert.Contains("static int ditto_probe(struct pci_dev *pdev", boot.Out, StringComparison.Ordinal);
        Assert.Contains("loaded", boot.Out, StringComparison.Ordinal);
    }

    public void Dispose() => _home.Dispose();
}
