using System.Globalization;
using Spectre.Console;
using Understudy.Runner;
using Understudy.Verdict;

namespace Understudy.Cli;

/// <summary>Shows a run's steps as they happen, each with the time it took. Colour only on a terminal.</summary>
sealed class StepDisplay(ProvisionDisplay provision, bool quiet) : IRunObserver
{
    readonly IAnsiConsole _console = AnsiConsole.Console;

    public void Began(StepRecord step)
    {
        if (_console.Profile.Capabilities.Interactive && !quiet) Write($"[grey]{Time(step.StartedSeconds)}          {Markup.Escape(step.Name)} ...[/]", end: "\r");
    }

    public void Says(string text)
    {
        if (!quiet) Write($"[grey]                     {Markup.Escape(text)}[/]");
    }

    public void Ended(StepRecord step)
    {
        if (quiet) return;
        var took = (step.EndedSeconds ?? step.StartedSeconds) - step.StartedSeconds;
        Write($"{Time(step.StartedSeconds)} {Mark(step.Outcome)} {Markup.Escape($"{step.Name,-12}")} {Markup.Escape(step.Detail ?? "")} [grey]({took.ToString("F2", CultureInfo.InvariantCulture)} s)[/]");
        if (step.Outcome is Outcome.Fail or Outcome.Broken)
            foreach (var line in step.Lines.Take(40)) Write($"[grey]                     {Markup.Escape(line)}[/]");
    }

    public void Verdict(RunVerdict verdict, string directory)
    {
        if (quiet) return;
        foreach (var line in verdict.Evidence.Take(20)) Write($"[grey]          {Markup.Escape(line)}[/]");
        Write($"report: {Markup.Escape(Path.Combine(directory, "report.html"))}");
        Write($"verdict: {Colour(verdict.Outcome, Markup.Escape(verdict.ToString()))}");
    }

    void Write(string markup, string end = "\n")
    {
        provision.Dispose();
        // Long lines are the terminal's to wrap, not ours to break.
        _console.Write(new Markup(markup + (end == "\n" ? "" : end)) { Overflow = Overflow.Ellipsis });
        if (end == "\n") _console.WriteLine();
    }

    static string Time(double seconds) => seconds.ToString("F2", CultureInfo.InvariantCulture).PadLeft(7) + " s";

    static string Mark(Outcome? outcome) => Colour(outcome, outcome switch { Outcome.Pass => "ok    ", Outcome.Fail => "FAIL  ", Outcome.Skip => "skip  ", _ => "BROKEN" });

    static string Colour(Outcome? outcome, string text)
        => $"[{outcome switch { Outcome.Pass => "green", Outcome.Skip => "yellow", Outcome.Fail => "red", _ => "magenta" }}]{text}[/]";
}
