using System.Globalization;
using Understudy.Runner;
using Understudy.Verdict;

namespace Understudy.Cli;

/// <summary>Shows a run's steps as they happen, each with the time it took. Colour only on a terminal.</summary>
sealed class StepDisplay(ProvisionDisplay provision, bool quiet) : IRunObserver
{
    const string Indent = "                  ";

    public void Began(StepRecord step)
    {
        if (!quiet) provision.Status($"{Time(step.StartedSeconds)} ...    {step.Name}");
    }

    public void Says(string text) => Write("grey", Indent + text);

    public void Ended(StepRecord step)
    {
        var took = (step.EndedSeconds ?? step.StartedSeconds) - step.StartedSeconds;
        var (colour, mark) = Look(step.Outcome);
        var line = string.Create(CultureInfo.InvariantCulture, $"{step.Name,-12} {step.Detail} ({took:F2} s)");
        Write("", $"{Time(step.StartedSeconds)} ", (colour, mark), ("", line));
        if (step.Outcome?.IsGood() != false) return;
        foreach (var shown in step.Lines.Take(40)) Write("grey", Indent + shown);
    }

    public void Verdict(RunVerdict verdict, string directory)
    {
        foreach (var line in verdict.Evidence.Take(20)) Write("grey", Indent + line);
        Write("", $"report: {RunJson.ReportIn(directory)}");
        Write("", "verdict: ", (Look(verdict.Outcome).Colour, verdict.ToString()));
    }

    void Write(string colour, string text, params ReadOnlySpan<(string Colour, string Text)> more)
    {
        if (quiet) return;
        var line = Styled(colour, text);
        foreach (var part in more) line += Styled(part.Colour, part.Text);
        provision.Line(line);
    }

    static string Styled(string colour, string text) => Terminal.Styled(colour, text);

    static string Time(double seconds) => seconds.ToString("F2", CultureInfo.InvariantCulture).PadLeft(7) + " s";

    static (string Colour, string Mark) Look(Outcome? outcome) => outcome switch
    {
        Outcome.Pass => ("green", "ok     "),
        Outcome.Fail => ("red", "FAIL   "),
        Outcome.Skip => ("yellow", "skip   "),
        Outcome.XFail => ("yellow", "xfail  "),
        Outcome.XPass => ("red", "XPASS  "),
        Outcome.Error => ("magenta", "ERROR  "),
        Outcome.Broken or null => ("magenta", "BROKEN "),
        _ => throw new ArgumentOutOfRangeException(nameof(outcome), outcome, "no such outcome"),
    };
}
