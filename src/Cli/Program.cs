using System.CommandLine;
using Understudy.Cli;

var root = new RootCommand(
    """
    Test real Linux drivers without the hardware: a device model in C#, a real kernel, its own unmodified driver.
    Exit codes: 0 pass, 1 the driver failed, 2 wrong usage, 3 the lab failed, 4 a test broke.
    """);
root.Subcommands.Add(DemoCommand.Create());
root.Subcommands.Add(RunCommand.Create());
root.Subcommands.Add(PipelineCommand.Create());
root.Subcommands.Add(SweepCommand.Create());
root.Subcommands.Add(FuzzCommand.Create());
root.Subcommands.Add(BootCommand.Create());
root.Subcommands.Add(BuildCommand.Create());
root.Subcommands.Add(DkmsCommand.Create());
root.Subcommands.Add(BisectCommand.Create());
root.Subcommands.Add(SetupCommand.Create());
root.Subcommands.Add(DoctorCommand.Create());
root.Subcommands.Add(KernelsCommand.Create());
root.Subcommands.Add(DevicesCommand.Create());
root.Subcommands.Add(TraceCommand.Create());
root.Subcommands.Add(ReplayCommand.Create());
root.Subcommands.Add(ExportCommand.Create());
root.Subcommands.Add(VfioCommand.Create());
Verb.Teach(root,
    """
    understudy demo                                       the show: r8169 of a stock Debian kernel on an RTL8111 in C#
    understudy demo --kernel debian:6.1                   the same on another kernel
    understudy run suites/rtl8111 --kernel debian:6.1,debian:6.12   directory tests, a fresh guest each, on two kernels
    understudy boot --kernel debian:6.12 --device rtl8111 a shell in the guest, with the device attached
    understudy kernels                                    what can be booted
    understudy doctor                                     what is here, what is missing, and how to mend it
    """);
return await CommandLine.InvokeAsync(root, args).ConfigureAwait(false);
