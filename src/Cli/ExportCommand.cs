using System.CommandLine;
using Understudy.Verdict;
using Understudy.Verdict.Export;

namespace Understudy.Cli;

/// <summary><c>understudy export</c>: what runs came to, for other tools.</summary>
static class ExportCommand
{
    public static Command Create()
    {
        var run = new Argument<string?>("run") { Description = "A run directory, or a folder with run directories below it", Arity = ArgumentArity.ZeroOrOne };
        var format = new Option<string?>("--format") { Description = "junit, ktap, tuxrun, kcidb, or html: the pages anew, of runs that were cut short too", HelpName = "FORMAT" };
        var output = new Option<string?>("--output", "-o") { Description = "Write to this file; standard output unless told", HelpName = "FILE" };
        var command = new Verb("export",
            "Write what runs came to in a format that other tools read.",
            """
            understudy export runs/2026-03-14T150926-demo --format junit -o junit.xml
            understudy export runs --format kcidb | kcidb-validate
            understudy export runs/run-20260314-150926-535 --format html
            """) { run, format, output };
        command.SetAction((parsed, _) => CommandLine.GuardAsync(json: false, () =>
            Task.FromResult(Run(parsed.GetValue(run), parsed.GetValue(format), parsed.GetValue(output)))));
        return command;
    }

    const string Pages = "html (a page for each run and one for all, in their folder)";

    static int Run(string? folder, string? format, string? output)
    {
        if (folder is null) throw new UsageException("name a run directory, or a folder with run directories below it: understudy export RUN --format FORMAT");
        var formats = string.Join(", ", [.. ResultExports.All.Select(e => $"{e.Format} ({e.What})"), Pages]);
        if (format is null) throw new UsageException($"--format is missing; there is {formats}");
        var export = ResultExports.Find(format);
        if (export is null && format != "html") throw new UsageException($"there is no format '{format}'; there is {formats}");
        if (!Directory.Exists(folder)) throw new UsageException($"there is no folder {folder}: name a run directory, or a folder with run directories below it");
        var summary = RunSummary.Read(folder);
        foreach (var problem in summary.Problems) Console.Error.WriteLine($"understudy: {problem}");
        if (summary.Runs.Count == 0) throw new UsageException($"there is no run directory (one with a run.json) in {folder} or below it");
        if (export is null) return WritePages(summary, output);
        using var to = output is null ? Console.OpenStandardOutput() : File.Create(output);
        export.Write(summary, to);
        return ExitCode.Pass;
    }

    static int WritePages(RunSummary summary, string? output)
    {
        if (output is not null) throw new UsageException("--output: pages of format html lie beside what they show");
        foreach (var run in summary.Runs) Console.WriteLine(HtmlReport.Write(RunRecord.Load(Path.Combine(summary.Path, run.Folder))));
        if (summary.Runs is [{ Folder: "." }]) return ExitCode.Pass;
        var matrix = Path.Combine(summary.Path, "matrix.html");
        MatrixReport.Write(summary, matrix);
        Console.WriteLine(matrix);
        return ExitCode.Pass;
    }
}
