using System.CommandLine;
using System.Text.Json.Nodes;
using Understudy.Boards;
using Understudy.Guest;
using Understudy.Runner;
using Understudy.Runner.Debugging;
using Understudy.Toolchain;
using Understudy.Verdict;

namespace Understudy.Cli;

/// <summary><c>understudy boot</c>: a shell in the guest, with devices attached.</summary>
static class BootCommand
{
    static readonly TimeSpan s_grace = TimeSpan.FromSeconds(10);

    /// <summary>Whoever asks for it gets Ctrl-C.</summary>
    public static Option<string[]> Gdb { get; } = new("--gdb")
    {
        Description = "Attach gdb to the guest before drivers are loaded, with symbols and sources of the kernel and of modules (board uml); it does each COMMAND, and then, at a terminal, what you type: 'guest SCRIPT' works in the guest, 'quit' lets it run on alone",
        HelpName = "COMMAND", Arity = ArgumentArity.ZeroOrMore, AllowMultipleArgumentsPerToken = false,
    };

    public static Command Create()
    {
        var board = CommandLine.Board();
        var time = CommandLine.Time();
        var kernel = CommandLine.Kernel();
        var modules = CommandLine.Modules();
        var devices = new Option<string[]>("--device") { Description = "Devices to plug in, see 'understudy devices'; may be given several times", HelpName = "NAME", AllowMultipleArgumentsPerToken = true };
        var cpus = new Option<int>("--cpus") { Description = "Virtual CPUs", DefaultValueFactory = _ => 1 };
        var memory = new Option<int>("--memory") { Description = "Guest memory in MiB", DefaultValueFactory = _ => 256 };
        var execute = new Option<string?>("--execute", "-e") { Description = "Run this in the guest's shell instead of an interactive one", HelpName = "SCRIPT" };
        var faults = new Option<string[]>("--fault") { Description = "A fault of the first device, or NAME: RULE, from power-on (docs/faults.md); may be given several times", HelpName = "RULE" };
        var sources = new Option<string[]>("--module") { Description = "A directory with the sources of a module: built for this kernel, and loaded; may be given several times", HelpName = "DIR" };
        var json = CommandLine.Json();
        var command = new Verb("boot",
            "Boot a kernel with devices and give a shell in the guest; leaving it powers the guest off. Drivers are loaded for what is plugged in. In the guest, 'device NAME ...' acts on a model; on the host side, Ctrl-] asks for one such command.",
            """
            understudy boot --kernel debian:6.12 --device rtl8111
            understudy boot --device rtl8111 -e 'ip link set eth0 up; device nic cable on; sleep 1; dmesg | tail -3'
            understudy boot --device rtl8111 --fault 'mmio-read RTL8111.ChipCmd nth=2 -> timeout' -e 'dmesg | grep r8169'
            understudy boot --board uml --time virtual --device nvme -e 'sleep 3600; uptime'
            understudy boot --board uml --device rtl8111 --gdb
            understudy boot --board uml --device rtl8111 --gdb 'break rtl_open' --gdb continue --gdb backtrace -e 'ip link set eth0 up' </dev/null
            echo uname -a | understudy boot
            """) { board, time, kernel, modules, sources, devices, cpus, memory, execute, faults, Gdb, json };
        command.SetAction((parsed, cancel) => CommandLine.GuardAsync(parsed.GetValue(json), () =>
        {
            if (parsed.GetValue(cpus) is < 1 or > 64) throw new UsageException("--cpus takes a number from 1 to 64");
            if (parsed.GetValue(memory) is < 64 or > 65536) throw new UsageException("--memory takes a number of MiB from 64 to 65536");
            var lives = CommandLine.TimeOf(parsed.GetValue(time), parsed.GetValue(board)!) ?? GuestTime.Host;
            if (lives == GuestTime.Virtual && parsed.GetValue(execute) is null) throw new UsageException("--time virtual needs --execute: time jumps ahead while a guest has nothing to do, as it has while somebody types");
            if (parsed.GetResult(Gdb) is { Implicit: false } && parsed.GetValue(board) != "uml") throw new UsageException("--gdb gets at guests of the board uml only, which are processes: add --board uml");
            var session = new BootSession(new LabRequest(parsed.GetValue(kernel), parsed.GetValue(modules), parsed.GetValue(board)!), [.. (parsed.GetValue(devices) ?? []).Select(CommandLine.DeviceNamed)], parsed.GetValue(cpus), parsed.GetValue(memory)) { Faults = parsed.GetValue(faults) ?? [], Time = lives, Modules = [.. (parsed.GetValue(sources) ?? []).Select(Path.GetFullPath)] };
            return RunAsync(session, parsed.GetValue(execute), parsed.GetResult(Gdb) is { Implicit: false } ? parsed.GetValue(Gdb) ?? [] : null, parsed.GetValue(json), cancel);
        }));
        return command;
    }

    static async Task<int> RunAsync(BootSession session, string? script, string[]? gdb, bool json, CancellationToken cancel)
    {
        if (json && gdb is not null) throw new UsageException("--gdb talks to a person, and --json to a machine: leave one out");
        if (json && script is null) throw new UsageException("--json needs --execute: an interactive shell has nothing to say in JSON");
        using var progress = new ProvisionDisplay(quiet: json);
        var toolbox = new Toolbox(UnderstudyCache.Open(), progress);
        Debugger? debugger = null;
        if (gdb is not null) session.Booted = async (booted, kernel, modules) =>
        {
            progress.Dispose();
            debugger = await Debugger.AttachAsync(booted, new DebugPlan(kernel, modules, session.Modules, gdb), Console.Out.WriteLine, cancel).ConfigureAwait(false);
        };
        try
        {
            await using var machine = await PowerOnAsync(session, toolbox, progress, cancel).ConfigureAwait(false);
            progress.Dispose();
            return await WorkAsync(machine, session, script, debugger, json, cancel).ConfigureAwait(false);
        }
        finally
        {
            if (debugger is not null) await debugger.DisposeAsync().ConfigureAwait(false);
        }
    }

    static async Task<int> WorkAsync(IMachine machine, BootSession session, string? script, Debugger? debugger, bool json, CancellationToken cancel)
    {
        try
        {
            // One at a time has the terminal.
            if (debugger is not null && script is null) await debugger.EndedAsync().ConfigureAwait(false);
            var code = script is not null ? await ExecuteAsync(machine, script, json, cancel).ConfigureAwait(false)
                : Console.IsInputRedirected ? await PipeAsync(machine, cancel).ConfigureAwait(false)
                : await ShellAsync(machine, session.Console, cancel).ConfigureAwait(false);
            // One that has nobody at it may still wait for what the script did not do: then it ends with the guest.
            if (debugger is not null && !Console.IsInputRedirected) await debugger.EndedAsync().ConfigureAwait(false);
            await machine.ShutDownAsync(s_grace).ConfigureAwait(false);
            return code;
        }
        catch (GuestLostException)
        {
            return TellEnd(await machine.ShutDownAsync(s_grace).ConfigureAwait(false), machine.Console, json);
        }
    }

    static async Task<IMachine> PowerOnAsync(BootSession session, Toolbox toolbox, ProvisionDisplay progress, CancellationToken cancel)
    {
        try
        {
            return await session.PowerOnAsync(toolbox, text => progress.Line(text), cancel).ConfigureAwait(false);
        }
        catch (FormatException wrong)
        {
            throw new UsageException($"--fault: {wrong.Message}");
        }
    }

    // The guest ended while somebody worked in it: as was asked ('poweroff'), or not.
    static int TellEnd(MachineExit exit, SerialConsole console, bool json) => exit.Reason switch
    {
        MachineExitReason.PoweredOff => CommandLine.Tell(json, ExitCode.Pass, "the guest powered off"),
        MachineExitReason.Panicked => CommandLine.Tell(json, ExitCode.Fail, $"the guest panicked\n{console.LastLines(20)}"),
        MachineExitReason.Reset => CommandLine.Tell(json, ExitCode.Fail, "the guest reset itself"),
        MachineExitReason.Killed => CommandLine.Tell(json, ExitCode.Fail, "the guest could be reached no more, and was switched off"),
        _ => CommandLine.Tell(json, ExitCode.Broken, exit.Detail),
    };

    static async Task<int> ExecuteAsync(IMachine machine, string script, bool json, CancellationToken cancel)
    {
        var result = await machine.Guest.ExecuteAsync(["sh", "-c", script], onOutput: json ? null : Forward, cancellation: cancel).ConfigureAwait(false);
        if (json)
            CommandLine.Print(new JsonObject { ["exitCode"] = result.ExitCode, ["signal"] = result.Signal, ["stdout"] = result.Stdout, ["stderr"] = result.Stderr, ["seconds"] = result.Duration.TotalSeconds });
        return Code(result);
    }

    static async Task<int> PipeAsync(IMachine machine, CancellationToken cancel)
    {
        var shell = await machine.Guest.StartAsync(["sh"], onOutput: Forward, cancellation: cancel).ConfigureAwait(false);
        await PumpInputAsync(shell, cancel).ConfigureAwait(false);
        return Code(await shell.Completion.ConfigureAwait(false));
    }

    static async Task PumpInputAsync(GuestProcess shell, CancellationToken cancel)
    {
        await using var input = Console.OpenStandardInput();
        var buffer = new byte[4096];
        try
        {
            for (int length; (length = await input.ReadAsync(buffer, cancel).ConfigureAwait(false)) > 0;)
                await shell.WriteAsync(buffer.AsMemory(0, length), cancel).ConfigureAwait(false);
            await shell.CloseInputAsync(cancel).ConfigureAwait(false);
        }
        catch (GuestException)
        {
            // The shell has left before it read everything; its exit code tells the rest.
            return;
        }
    }

    // What somebody tried in there is no verdict on anything.
    static async Task<int> ShellAsync(IMachine machine, DeviceConsole devices, CancellationToken cancel)
    {
        await GuestShell.RunAsync(machine.Guest, devices, cancel).ConfigureAwait(false);
        return ExitCode.Pass;
    }

    static void Forward(CommandStream stream, ReadOnlySpan<byte> bytes)
    {
        using var output = stream == CommandStream.Stdout ? Console.OpenStandardOutput() : Console.OpenStandardError();
        output.Write(bytes);
        output.Flush();
    }

    static int Code(CommandResult result) => result.ExitCode is { } code ? (code == 0 ? ExitCode.Pass : ExitCode.Fail) : ExitCode.Fail;
}
