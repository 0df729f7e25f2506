using System.CommandLine;
using System.Globalization;
using Understudy.Boards;
using Understudy.Runner;
using Understudy.Toolchain;

namespace Understudy.Cli;

/// <summary><c>understudy demo</c>: the show.</summary>
static class DemoCommand
{
    public static Command Create()
    {
        var board = CommandLine.Board();
        var kernel = CommandLine.Kernel();
        var modules = CommandLine.Modules();
        var json = CommandLine.Json();
        var output = new Option<string?>("--output") { Description = "The run directory to make; runs/demo-TIME unless told", HelpName = "DIR" };
        var seed = new Option<int>("--seed") { Description = "Seed of everything random in the devices", DefaultValueFactory = _ => 1 };
        var every = new Option<int>("--lose-every") { Description = "Every how many interrupts one is lost in the fault step", DefaultValueFactory = _ => 5, HelpName = "N" };
        var command = new Verb("demo",
            "The show: boot a stock kernel, let its own r8169 drive an RTL8111 written in C#, pull the cable, ping a host behind the model, lose interrupts, and judge what happened. Ends in a verdict and a run directory with report.html.",
            """
            understudy demo
            understudy demo --kernel debian:6.1
            understudy demo --kernel path/to/bzImage --modules path/to/lib/modules/6.19.0
            """) { board, kernel, modules, output, seed, every, json };
        command.SetAction((parsed, cancel) => CommandLine.GuardAsync(parsed.GetValue(json), () =>
        {
            if (parsed.GetValue(every) < 1) throw new UsageException("--lose-every takes a number from 1 on");
            var lab = new LabRequest(parsed.GetValue(kernel), parsed.GetValue(modules), parsed.GetValue(board)!);
            var directory = parsed.GetValue(output) ?? Path.Combine("runs", string.Create(CultureInfo.InvariantCulture, $"demo-{DateTime.Now:yyyyMMdd-HHmmss-fff}"));
            var again = $"understudy demo{(lab.Board == BoardCatalog.Default ? "" : $" --board {lab.Board}")}{(lab.Kernel is null ? "" : $" --kernel {lab.Kernel}")}{(lab.Modules is null ? "" : $" --modules {lab.Modules}")} --seed {parsed.GetValue(seed)} --lose-every {parsed.GetValue(every)}";
            return RunAsync(new DemoRequest(lab, directory, again, parsed.GetValue(seed), parsed.GetValue(every)), parsed.GetValue(json), cancel);
        }));
        return command;
    }

    static async Task<int> RunAsync(DemoRequest request, bool json, CancellationToken cancel)
    {
        using var progress = new ProvisionDisplay(quiet: json);
        var display = new StepDisplay(progress, quiet: json);
        var toolbox = new Toolbox(UnderstudyCache.Open(), progress);
        var verdict = await Demo.PlayAsync(toolbox, request, display, cancel).ConfigureAwait(false);
        display.Verdict(verdict, Path.GetFullPath(request.Directory));
        if (json) CommandLine.Print(RunJson.Of(verdict, Path.GetFullPath(request.Directory)));
        return verdict.ExitCode();
    }
}
